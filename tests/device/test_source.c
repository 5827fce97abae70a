/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_source.c - kernel files include headers, and compiler messages keep their file and line. */
#include "support/support.h"
#include "device/internal.h"

#include <unistd.h>

static encnet_device *dev;
static char dir[64];

static void put(const char *name, const char *text)
{
    char *path = encnet__path_join(dir, name);

    assert_ok(encnet__file_write(path, text, strlen(text)));
    encnet__free(path);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/encnet-source-XXXXXX");
    if (!mkdtemp(dir)) return 1;
    return setenv("ENCNET_KERNEL_DIR", dir, 1) || setenv("TMPDIR", dir, 1);
}

static int tear_down(void **state)
{
    (void)state;
    unsetenv("ENCNET_KERNEL_DIR");
    encnet__cache_prune(dir, 0);
    return rmdir(dir);
}

static void puts_headers_in(void **state)
{
    encnet__text t = {0};

    (void)state;
    put("a.cl", "one\n#include \"b.clh\"\nthree\n#include \"c.clh\"\nfive; [x]");
    put("b.clh", "#include \"c.clh\"\nb two\n");
    put("c.clh", "c one\n");
    assert_ok(encnet__source_load(&t, "a"));
    assert_string_equal(t.data, "#line 1 \"cl/a.cl\"\none\n"
                                "#line 1 \"cl/b.clh\"\n#line 1 \"cl/c.clh\"\nc one\n"
                                "#line 2 \"cl/b.clh\"\nb two\n"
                                "#line 3 \"cl/a.cl\"\nthree\n"
                                "#line 1 \"cl/c.clh\"\nc one\n"
                                "#line 5 \"cl/a.cl\"\nfive; [x]\n");
    encnet__text_free(&t);
}

static void refuses_circles_and_strangers(void **state)
{
    encnet__text t = {0};

    (void)state;
    put("a.cl", "#include \"b.clh\"\n");
    put("b.clh", "#include \"b.clh\"\n");
    assert_fails(encnet__source_load(&t, "a"), ENCNET_E_KERNEL, "b.clh: included");
    put("b.clh", "#include \"gone.clh\"\n");
    assert_fails(encnet__source_load(&t, "a"), ENCNET_E_IO, "gone.clh");
    unsetenv("ENCNET_KERNEL_DIR");
    assert_fails(encnet__source_load(&t, "a"), ENCNET_E_KERNEL, "no kernel file cl/a.cl");
    encnet__text_free(&t);
}

static void complains_at_the_right_line(void **state)
{
    encnet__buffer *x;

    (void)state;
    if (test_is_oclgrind(dev)) skip();
    put("a.cl", "/* 1 */\n#include \"b.clh\"\n/* 3 */\n__kernel void k(__global float *y)\n{\n"
                "    y[0] = nothing;\n}\n");
    put("b.clh", "/* 1 */\n/* 2 */\n");
    assert_ok(encnet__buffer_new(&x, dev, 64));
    assert_fails(LAUNCH(dev, "a", "k", "-DX=1", GRID1(1, 1), BUF(x)), ENCNET_E_KERNEL,
                 "cl/a.cl:6:");
    put("a.cl", "#include \"b.clh\"\n__kernel void k(__global float *y)\n{\n    y[0] = f();\n}\n");
    put("b.clh", "/* 1 */\n\nfloat f(void);\nfloat f(void) { return nothing; }\n");
    assert_fails(LAUNCH(dev, "a", "k", "-DX=1", GRID1(1, 1), BUF(x)), ENCNET_E_KERNEL,
                 "cl/b.clh:4:");
    put("b.clh", "float f(void);\nfloat f(void) { return 42.0f; }\n");
    assert_ok(LAUNCH(dev, "a", "k", "-DX=1", GRID1(1, 1), BUF(x)));
    encnet__buffer_free(x);
}

/* What NVIDIA's driver says of lines 8 and 5 of the text, and what says nothing of a line. */
static void finds_the_file_of_a_line(void **state)
{
    encnet__text t = {0};
    char said[80] = "<kernel>:8:12: error: f", other[80] = "<kernel>:90: error", whole[] = "error";

    (void)state;
    put("a.cl", "/* 1 */\n#include \"b.clh\"\n/* 3 */\nf\n");
    put("b.clh", "/* 1 */\n/* 2 */\n");
    assert_ok(encnet__source_load(&t, "a"));
    encnet__source_locate(said, sizeof said, t.data);
    assert_string_equal(said, "cl/a.cl:4:12: error: f");
    strcpy(said, "<kernel>:5:1: error");
    encnet__source_locate(said, sizeof said, t.data);
    assert_string_equal(said, "cl/b.clh:2:1: error");
    encnet__source_locate(other, sizeof other, t.data);
    assert_string_equal(other, "<kernel>:90: error");
    encnet__source_locate(whole, sizeof whole, t.data);
    assert_string_equal(whole, "error");
    encnet__text_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(puts_headers_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_circles_and_strangers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_the_file_of_a_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(complains_at_the_right_line, set_up, tear_down),
    };
    int failed;

    dev = test_open_device();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    encnet_device_close(dev);
    return failed;
}
