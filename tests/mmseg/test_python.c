/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_python.c - Python as data: what each expression and statement becomes, and what is refused. */
#include "support/scratch.h"

#include "mmseg/config.h"

/* `text` as a file a.py: the value of its name x, printed. */
static void expect(const char *text, const char *printed)
{
    encnet__py_memory *m = encnet__py_memory_new();
    const encnet__py *all = NULL, *x;
    encnet__text out = {0};

    assert_non_null(m);
    if (encnet__py_config_parse(&all, m, "a.py", text, strlen(text)) != ENCNET_OK)
        fail_msg("%s: %s", text, encnet_last_error());
    x = encnet__py_get(all, "x");
    assert_non_null(x);
    encnet__py_print(&out, x, false);
    if (strcmp(out.data, printed) != 0) fail_msg("%s gives %s, not %s", text, out.data, printed);
    encnet__text_free(&out);
    encnet__py_memory_free(m);
}

/* `text` is refused with this sentence. */
static void refuse(const char *text, const char *sentence)
{
    encnet__py_memory *m = encnet__py_memory_new();
    const encnet__py *all;

    assert_non_null(m);
    assert_int_equal(encnet__py_config_parse(&all, m, "a.py", text, strlen(text)), ENCNET_E_CONFIG);
    if (strcmp(encnet_last_error(), sentence) != 0)
        fail_msg("%s: \"%s\", not \"%s\"", text, encnet_last_error(), sentence);
    encnet__py_memory_free(m);
}

static void literals(void **state)
{
    (void)state;
    expect("x = None", "None");
    expect("x = True", "True");
    expect("x = 1_000", "1000");
    expect("x = 0x1F", "31");
    expect("x = 0b101", "5");
    expect("x = 9223372036854775807", "9223372036854775807");
    expect("x = 1e-4", "0.0001");
    expect("x = 512.", "512.0");
    expect("x = .5", "0.5");
    expect("x = -3", "-3");
    expect("x = [1, 'a', None,]", "[1, 'a', None]");
    expect("x = ()", "()");
    expect("x = (1,)", "(1,)");
    expect("x = (1)", "1");
    expect("x = 1, 2", "(1, 2)");
    expect("x = {}", "{}");
    expect("x = {'a': 1, 'b': [2]}", "{'a': 1, 'b': [2]}");
    expect("x = {1, 2}", "[1, 2]");
    expect("x = dict(a=1, b=dict(c=2))", "{'a': 1, 'b': {'c': 2}}");
    expect("x = dict({'a': 1}, b=2)", "{'a': 1, 'b': 2}");
    expect("x = list((1, 2))", "[1, 2]");
    expect("x = tuple([1, 2])", "(1, 2)");
}

static void texts(void **state)
{
    (void)state;
    expect("x = 'a'", "'a'");
    expect("x = \"it's\"", "'it's'");
    expect("x = '''a\nb'''", "'a\nb'");
    expect("x = \"\"\"a \"b\" c\"\"\"", "'a \"b\" c'");
    expect("x = 'a' \"b\"\\\n  'c'", "'abc'");
    expect("x = ('a'\n  # between\n 'b')", "'ab'");
    expect("x = '\\x41\\u00e4\\101\\t\\q'", "'A\xC3\xA4"
                                            "A\t\\q'");
    expect("x = r'\\n'", "'\\n'");
    expect("x = 'a' + 'b'", "'ab'");
    expect("x = ''", "''");
}

static void arithmetic(void **state)
{
    (void)state;
    expect("x = 2 * 4 + 1", "9");
    expect("x = 2 * (4 + 1)", "10");
    expect("x = 1.0 / 4", "0.25");
    expect("x = 7 // 2", "3");
    expect("x = -7 // 2", "-4");
    expect("x = 2 ** 3 ** 2", "512");
    expect("x = -2 ** 2", "-4");
    expect("x = 1 - 2 - 3", "-4");
    expect("x = [0.5] * 3", "[0.5, 0.5, 0.5]");
    expect("x = 2 * (1, 2)", "(1, 2, 1, 2)");
    expect("x = [1] + [2]", "[1, 2]");
    expect("x = sum([18, 36, 72, 144])", "270");
    expect("x = 9223372036854775807 + 1", "9.223372036854776e+18");
}

static void names(void **state)
{
    (void)state;
    expect("a = dict(b=[1, dict(c=2)])\nx = a.b[1]['c']", "2");
    expect("a = [1, 2]\nx = a[-1]", "2");
    expect("a = dict(b=1)\nx = dict(c=2, **a)", "{'c': 2, 'b': 1}");
    expect("a = [1, 2]\nx = [0, *a]", "[0, 1, 2]");
    expect("a = 1\nx = a\na = 2", "1");
    expect("\"\"\"A docstring.\"\"\"\n# a comment\n\nx = 1 # behind\n", "1");
    expect("x = dict(a=1); x = 2", "2");
    expect("x = dict(\n    a=1,\n\n  # within\n    b=2)\r\n", "{'a': 1, 'b': 2}");
    expect("\xEF\xBB\xBFx = 1", "1");
}

/* What would have to be executed: an error only where it is needed. */
static void what_is_not_evaluated(void **state)
{
    (void)state;
    expect("x = [int(2 * i) for i in range(5)]", "a comprehension");
    expect("x = {k: v for k, v in a}", "a comprehension");
    expect("x = dict((k, 1) for k in y)", "a call of dict()");
    expect("x = range(4)", "a call of a function");
    expect("x = os.path.join('a', 'b')[0]", "a slice, or an item of something that is not known");
    expect("x = 1 if True else 2", "a conditional expression");
    expect("x = [1 < 2, 3]", "[an operation, 3]");
    expect("x = [not a, 3]", "[an operation, 3]");
    expect("x = f'{a}'", "an f-string");
    expect("x = b'a'", "bytes");
    expect("x = y", "the unknown name y");
    expect("x = [1, 2][0:1]", "a slice, or an item of something that is not known");
    expect("x = 'a' * 3", "an operation that is not evaluated");
    expect("x = lambda a, b: a", "a lambda");
    expect("x = 1e308 * 10", "a number that is not finite");
}

static void statements_are_refused(void **state)
{
    (void)state;
    refuse("x = 1\nimport os",
           "a.py:2: import: a configuration is read, not executed, and may only "
           "have NAME = VALUE");
    refuse("for i in a: pass", "a.py:1: for: a configuration is read, not executed, and may only "
                               "have NAME = VALUE");
    refuse("x += 1", "a.py:1: x +=: only NAME = VALUE is understood at the beginning of a line");
    refuse("x.update(a)",
           "a.py:1: x .: only NAME = VALUE is understood at the beginning of a line");
    refuse("x = 1\n  y = 2", "a.py:2: unexpected indentation");
    refuse("_base_ = 'b.py'", "a.py:1: _base_ names files, which a text alone cannot have");
}

static void mistakes_are_refused(void **state)
{
    (void)state;
    refuse("x = [1, 2", "a.py:1: the text ends within brackets");
    refuse("x = (1]", "a.py:1: unexpected ]");
    refuse("x = 'a", "a.py:1: a string without its closing quote");
    refuse("x = '''a\n\n", "a.py:1: a string without its closing quote");
    refuse("x = '\\xg'", "a.py:1: a string with a wrong escape");
    refuse("x =", "a.py:1: an expression that ends too early");
    refuse("x = 1 2", "a.py:1: unexpected 2");
    refuse("x = 1x", "a.py:1: the number 1x");
    refuse("x = 1e999", "a.py:1: the number 1e999");
    refuse("x = 1 / 0", "a.py:1: a division by zero");
    refuse("a = {}\nx = a.b", "a.py:2: no key b in what stands before it");
    refuse("x = [1][1]", "a.py:1: an item that is not there");
    refuse("x = $", "a.py:1: the character $ is no Python");
    refuse("x = \xFF", "a.py:1: not UTF-8");
    refuse("x = [0] * 100000", "a.py:1: a list repeated too often");
}

static void depth_is_bounded(void **state)
{
    encnet__text deep = {0}, chain = {0};

    (void)state;
    encnet__text_add(&deep, "x = ");
    for (int i = 0; i < 100000; i++) encnet__text_add(&deep, "[");
    refuse(deep.data, "a.py:1: nested too deeply");
    encnet__text_add(&chain, "x = 1\n");
    for (int i = 0; i < 101; i++) encnet__text_add(&chain, "x = [x]\n");
    refuse(chain.data, "a.py:101: more than 100 levels of lists and dictionaries");
    encnet__text_free(&deep);
    encnet__text_free(&chain);
}

/* A chain of names that doubles what it stands for takes no more memory than its text. */
static void sharing_is_cheap(void **state)
{
    encnet__text text = {0};

    (void)state;
    encnet__text_add(&text, "x = [1]\n");
    for (int i = 0; i < 90; i++) encnet__text_add(&text, "x = [x, x]\n");
    encnet__text_add(&text, "x = len(x)");
    expect(text.data, "a call of a function");
    encnet__text_free(&text);
}

/* -- files ------------------------------------------------------------------------------------- */

static void write_file(const char *name, const char *text)
{
    char path[128];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_ok(encnet__file_write(path, text, strlen(text)));
}

static encnet_status read_file(encnet__text *x, const char *name)
{
    encnet_status rc = ENCNET_OK;
    encnet__py_memory *m = encnet__py_memory_new();
    const encnet__py *all;
    char path[128];

    assert_non_null(m);
    snprintf(path, sizeof path, "%s/%s", dir, name);
    TRY(encnet__py_config_read(&all, m, path));
    encnet__text_free(x);
    encnet__py_print(x, encnet__py_get(all, "x"), false);
done:
    encnet__py_memory_free(m);
    return rc;
}

static void bases_are_merged(void **state)
{
    encnet__text x = {0};

    (void)state;
    write_file("a.py", "x = dict(a=1, b=dict(c=2, d=3), e=[1, 2])\ny = 5\n");
    write_file("b.py", "_base_ = 'a.py'\nx = dict(b=dict(c=4), e=[3])\n");
    assert_ok(read_file(&x, "b.py"));
    assert_string_equal(x.data, "{'a': 1, 'b': {'c': 4, 'd': 3}, 'e': [3]}");
    write_file("c.py", "_base_ = ['./b.py']\nx = dict(b=dict(_delete_=True, f=_base_.y))\n");
    assert_ok(read_file(&x, "c.py"));
    assert_string_equal(x.data, "{'a': 1, 'b': {'_delete_': True, 'f': 5}, 'e': [3]}");
    write_file("d.py", "_base_ = ['a.py']\nx = dict(b={{_base_.y}}, g='{{ _base_.x.a }}')\n");
    assert_ok(read_file(&x, "d.py"));
    assert_string_equal(x.data, "{'a': 1, 'b': 5, 'e': [1, 2], 'g': 1}");
    encnet__text_free(&x);
}

static void wrong_bases_are_refused(void **state)
{
    encnet__text x = {0};

    (void)state;
    write_file("a.py", "x = dict(a=1, b=2)\n");
    write_file("b.py", "_base_ = 'a.py'\nx = dict(a=dict(c=1))\n");
    assert_fails(read_file(&x, "b.py"), ENCNET_E_CONFIG,
                 "b.py:2: a is a dictionary here and none in ");
    write_file("c.py", "_base_ = ['a.py', 'd.py']\n");
    write_file("d.py", "x = 1\n");
    assert_fails(read_file(&x, "c.py"), ENCNET_E_CONFIG, "has x, which another file in _base_ has");
    write_file("e.py", "_base_ = 'f.py'\n");
    write_file("f.py", "_base_ = 'e.py'\n");
    assert_fails(read_file(&x, "e.py"), ENCNET_E_CONFIG, "its own _base_, directly or by others");
    write_file("g.py", "\n_base_ = 'none.py'\n");
    assert_fails(read_file(&x, "g.py"), ENCNET_E_IO, "g.py:2: ");
    assert_non_null(strstr(encnet_last_error(), "none.py: No such file"));
    write_file("h.py", "_base_ = 7\n");
    assert_fails(read_file(&x, "h.py"), ENCNET_E_CONFIG, "h.py:1: _base_ must be a path");
}

static void depth_of_files_is_bounded(void **state)
{
    char name[16], text[32];
    encnet__text x = {0};

    (void)state;
    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "n%d.py", i);
        snprintf(text, sizeof text, "_base_ = 'n%d.py'\n", i + 1);
        write_file(name, text);
    }
    write_file("n10.py", "x = 1\n");
    assert_ok(read_file(&x, "n2.py"));
    assert_fails(read_file(&x, "n1.py"), ENCNET_E_CONFIG, "more than 8 files deep");
    encnet__text_free(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals),
        cmocka_unit_test(texts),
        cmocka_unit_test(arithmetic),
        cmocka_unit_test(names),
        cmocka_unit_test(what_is_not_evaluated),
        cmocka_unit_test(statements_are_refused),
        cmocka_unit_test(mistakes_are_refused),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(sharing_is_cheap),
        cmocka_unit_test(bases_are_merged),
        cmocka_unit_test(wrong_bases_are_refused),
        cmocka_unit_test(depth_of_files_is_bounded),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
