#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Fails every system call on the files of a training, a resume, a conversion and a report in turn: those of the work directory, the
# checkpoint, the configuration, the images and the results.  Afterwards the work directory resumes to the same bytes, or an exit
# code and a sentence that names the file say why nothing was done; a conversion and a report are whole or an error, and work the
# next time.
#
#   kill     before every call that changes a file or a name; what only reads leaves what the next such call leaves
#   EIO      every call
#   ENOSPC   every call that can need room
#   EINTR    every call that can wait
#   short    every read and write of bytes: half of them
#
# Interrupted and short reads and writes must not be noticed, so one run has all of them.
#
#   ci/faults.sh BUILD [EVERY [JOB...]]     EVERY: only each EVERY-th of them (default 1), and those of all calls; tests/cli/faults.sh runs it with 97
#                                           JOB: save, resume, convert, report (default all); JOBS=N at a time (default the cores)
#
# The programs are those with a toy network (tests/CMakeLists.txt), a run of which takes a fraction of a second.  A state of the
# work directory that has been seen to resume is not resumed again.
# Allocations and OpenCL calls: ENCNET_TEST_ALL=1 BUILD/tests/test_train_no_memory and test_train_bad_device; ranks:
# FAULTS=all tests/cli/ranks.sh.
set -u
[ $# -gt 2 ] && chosen=("${@:3}") || chosen=(save resume convert report)
build=$(realpath "${1:?ci/faults.sh BUILD [EVERY]}") every=${2:-1} here=$(realpath "$(dirname "$0")/..") jobs=${JOBS:-$(nproc)}
work=$(realpath "$(mktemp -d)")
trap 'rm -rf "$work"' EXIT
export NO_COLOR=1 XDG_CACHE_HOME=$build/faults-cache # a small one: every start looks through it
cc -shared -fPIC -O1 -w "$here/tests/faults/preload.c" -o "$work/preload.so" -ldl || exit 2
cd "$work" || exit 2
cat >toy.ini <<'INI'
[model]
network = fcn
backbone = toy
classes = 4
channels = 8
aux_channels = 8
[data]
type = folder
train_count = 2
val_count = 1
width = 32
height = 32
workers = 1
[augment]
scale = 32,32
crop = 32,32
[train]
max_iters = 2
log_interval = 1
checkpoint_interval = 1
eval_interval = 2
INI
declare -A meaning=([EIO]='Input/output error' [ENOSPC]='No space left on device' [EINTR]='Interrupted system call')
train=$build/tests/toy_train convert=$build/tests/toy_convert eval=$build/tests/toy_eval

weights() { cksum <"$1/weights.safetensors" 2>/dev/null; }

# What a job needs, in a folder of its own.
prepare() {
    rm -rf "$dir"
    mkdir "$dir"
    cp -r inputs/. "$dir"
    case $job in
    resume) cp -r half "$dir/run" ;;
    convert | report) cp -r whole/iter_2 "$dir/in" ;;
    esac
}

# Runs the job; WITH: in an environment with these variables.
run_job() {
    local with=("$@")
    case $job in
    save) env "${with[@]}" timeout 120 "$train" "$dir/toy.ini" --set data.root="$dir" --work-dir "$dir/run" ;;
    resume) env "${with[@]}" timeout 120 "$train" "$dir/toy.ini" --set data.root="$dir" --work-dir "$dir/run" --resume auto ;;
    convert) env "${with[@]}" timeout 120 "$convert" "$dir/in" "$dir/out.pth" ;;
    report)
        env "${with[@]}" timeout 120 "$eval" "$dir/toy.ini" --set data.root="$dir" --checkpoint "$dir/in" --report "$dir/report" --json "$dir/s.json" \
            --quiet
        ;;
    esac >"$dir.out" 2>"$dir.err"
    rc=$?
}

faulty() { run_job FAULT_DIR="$dir" FAULT_AT="$at" FAULT_KIND="$kind" FAULT_CALLS="$dir.calls" LD_PRELOAD="$work/preload.so"; }

bad() {
    wrong=1
    echo "WRONG: $job, call $at ($call), $kind: $*" | sed "s|$dir/||g"
}

# The state of the work directory, but for times, numbers of processes and how much of TensorBoard's file there is.
state() {
    (
        cd "$dir/run" 2>/dev/null || exit
        find . -printf '%P %y %l\n' | sed -E 's/[0-9]{3,}(-[0-9]+)?//g' | LC_ALL=C sort
        find . -type f ! -name '*.log' ! -name '*.json' ! -name 'events*' ! -name lock -exec cksum {} + |
            sed -E 's/[0-9]{3,}-[0-9]+\.tmp//' | LC_ALL=C sort -k 3
        cat ./*.log ./*.json 2>/dev/null | tr -d '0-9'
    ) | cksum
}

resumes() {
    local key
    key=$(state)
    grep -qxF "$key" "$dir.seen" && return
    job=resume run_job NO_COLOR=1
    [ $rc = 0 ] || { bad "does not resume: $(tail -n 1 "$dir.err")"; return; }
    [ "$(weights "$dir/run/iter_2")" = "$want" ] || { bad "resumes to other weights"; return; }
    find "$dir/run" -name '.encnet-*' -o -name '*.tmp' | grep -q . && { bad "left behind: $(find "$dir/run" -name '.encnet-*' -o -name '*.tmp')"; return; }
    echo "$key" >>"$dir.seen"
}

same() { [ -e "$1" ] && cmp -s "$1" "$2"; }

# What must hold after it.
check_job() {
    local first=$rc
    case $at/$kind/$rc in
    */kill/137 | */0) ;;
    all/*) bad "exit $rc: $(tail -n 1 "$dir.err")" ;;
    */8 | */4)
        grep -F "$dir" "$dir.err" | grep -qF "${meaning[$kind]}" ||
            bad "exit $rc does not say which file, or why: $(tail -n 1 "$dir.err")"
        ;;
    *) bad "exit $rc: $(tail -n 1 "$dir.err")" ;;
    esac
    case $job in
    save | resume)
        if [ $rc = 0 ]; then
            [ "$(weights "$dir/run/iter_2")" = "$want" ] || bad "exit 0 and other weights or none"
        else
            resumes
        fi
        ;;
    convert)
        [ ! -e "$dir/out.pth" ] || same "$dir/out.pth" whole.pth || bad "half a file"
        [ $rc = 0 ] || run_job NO_COLOR=1
        [ $rc = 0 ] && same "$dir/out.pth" whole.pth || bad "no file, exit $rc: $(tail -n 1 "$dir.err")"
        ;;
    report)
        [ ! -e "$dir/s.json" ] || same "$dir/s.json" whole.json || bad "half a file"
        [ $rc = 0 ] || run_job NO_COLOR=1
        [ $rc = 0 ] && same "$dir/s.json" whole.json && same "$dir/report/scores.csv" whole.csv ||
            bad "no report, exit $rc: $(tail -n 1 "$dir.err")"
        ;;
    esac
    rc=$first
}

# The faults of a job: its calls, by what can happen to each.
faults_of() {
    awk '
        { print NR, $1, "EIO" }
        /^(open\+|openat\+|write|pwrite|rename|mkdir|symlink|fsync|ftruncate|posix_fallocate)$/ { print NR, $1, "ENOSPC" }
        /^(open\+|openat\+|write|pwrite|rename|mkdir|symlink|unlink|unlinkat|rmdir|remove|ftruncate|posix_fallocate|utimensat)$/ {
            print NR, $1, "kill"
        }
        /^(open|openat|open\+|openat\+|fsync|ftruncate|posix_fallocate|flock)$/ { print NR, $1, "EINTR" }
        END { print "all", "bytes", "EINTR"; print "all", "bytes", "short" }' "$1"
}

# Every JOBS-th fault of the job; a line for each, and one more for what is wrong.
part() {
    local number=0
    dir=$work/$1.$job
    : >"$dir.seen"
    while read -r at call kind; do
        [ $((number++ % jobs)) = "$1" ] || continue
        wrong=0
        prepare
        faulty
        check_job
        case $rc in
        0) outcome=unharmed ;;
        137) outcome=killed ;;
        *) outcome="exit $rc" ;;
        esac
        [ $wrong = 0 ] || outcome=WRONG
        echo "= $job $kind: $outcome"
    done <"$job.faults"
    rm -rf "$dir"
}

"$train" toy.ini --set data.type=synthetic --export-data inputs >out 2>err || { cat err; exit 2; }
{
    cat toy.ini
    printf '[data]\ntrain_list = list.txt\nclasses_file = classes.csv\n'
} >inputs/toy.ini
ls inputs/images/train | sed 's/\.png$//' >inputs/list.txt
for _ in {1..8}; do # each run compiles kernels for a few seconds at its end, until all are there
    rm -rf whole
    "$train" inputs/toy.ini --set data.root=inputs --work-dir whole >out 2>err || { cat err; exit 2; }
done
want=$(weights whole/iter_2)
cp -r whole half
rm -rf half/iter_2 half/latest half/best
ln -s iter_1 half/latest
"$convert" whole/iter_2 whole.pth >out 2>err || { cat err; exit 2; }
"$eval" inputs/toy.ini --set data.root=inputs --checkpoint whole/iter_2 --json whole.json --report report --quiet >out 2>err || { cat err; exit 2; }
cp report/scores.csv whole.csv

for job in "${chosen[@]}"; do
    dir=$work/0.$job at=0 kind=none
    prepare
    faulty
    [ $rc = 0 ] || { cat "$dir.err"; exit 2; }
    calls=$(wc -l <"$dir.calls")
    faults_of "$dir.calls" | awk -v every="$every" 'NR % every == 1 % every || $1 == "all"' >"$job.faults"
    start=$SECONDS
    for ((i = 0; i < jobs; i++)); do part $i >"$i.log" & done
    wait
    for ((i = 0; i < jobs; i++)); do cat "$i.log"; done >>log
    echo "$job: $calls calls, $(wc -l <"$job.faults") faults, $((SECONDS - start)) s"
done
grep '^WRONG' log
grep '^=' log | sort | uniq -c | awk '{ n = $1; $1 = $2 = ""; print substr($0, 3), n }'
! grep -q '^WRONG' log
