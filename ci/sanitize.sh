#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Runs the tests with AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer; host code must be clean.
#
#   ci/sanitize.sh [ctest options]       BUILD=DIR (default build-sanitize)
#
# It leaves out cli/install, cli/examples and cli/embedding, which link the library with programs that are built without sanitizers,
# cli/hang, which preloads a library, and cli/abi.
# tests/support/lsan.supp lists known leaks of drivers.
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/packages.sh
# shellcheck disable=SC2086
need $BUILD_PACKAGES $TEST_PACKAGES

build=${BUILD:-build-sanitize}
cmake -S . -B "$build" -G Ninja -DENCNET_WERROR=ON -DENCNET_SANITIZE=address,undefined >/dev/null
cmake --build "$build"

# Tests ask for more memory than there is; and threads of drivers that end have no stack for signals that could be unmapped.
export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:allocator_may_return_null=1:use_sigaltstack=0
export LSAN_OPTIONS=suppressions=$PWD/tests/support/lsan.supp:print_suppressions=0
export UBSAN_OPTIONS=print_stacktrace=1
ctest --test-dir "$build" --output-on-failure --no-tests=error -j "$(nproc)" --timeout 900 -E '^cli/(install|examples|embedding|hang|abi)$' "$@"
