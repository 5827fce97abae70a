/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_unpickle.c - pickles written by hand: what the opcodes build, and what is refused. */
#include "support/support.h"

#include "files/unpickle.h"

/* Reads `size` bytes as a pickle. */
static encnet_status read_bytes(encnet__unpickled **out, const void *bytes, size_t size)
{
    encnet__tensor_file f = {.path = "a.pth", .fd = -1, .memory = bytes, .bytes = size};

    return encnet__unpickle_read(out, &f, 0, size);
}

#define READ(out, text) read_bytes(out, text, sizeof(text) - 1)

static void reads_protocol_0(void **state)
{
    encnet__unpickled *p = NULL;
    const encnet__value *root, *list;

    (void)state;
    assert_ok(READ(&p, "(dp0\nS'list'\np1\n(lp2\nI-5\naL123L\naF0.5\naI01\naNasV\xc3\xa9\n(I1\nI2\n"
                       "tsg1\ng2\ns(S'x'\nios\nsystem\np4\nNs."));
    root = encnet__unpickle_root(p);
    assert_true(encnet__value_is(root, ENCNET__VALUE_DICT));
    list = encnet__value_get(root, "list");
    assert_int_equal(list->n, 5);
    assert_true(encnet__value_item(list, 0)->integer == -5);
    assert_true(encnet__value_item(list, 1)->integer == 123);
    assert_true(encnet__value_item(list, 2)->real == 0.5);
    assert_true(encnet__value_is(encnet__value_item(list, 3), ENCNET__VALUE_BOOL));
    assert_true(encnet__value_is(encnet__value_item(list, 4), ENCNET__VALUE_NONE));
    assert_null(encnet__value_item(list, 5));
    assert_int_equal(encnet__value_get(root, "\xc3\xa9")->n, 2);
    assert_true(encnet__value_is(root->items[6], ENCNET__VALUE_CALL)); /* os.system is not called */
    assert_string_equal(root->items[6]->call.callee->global.name, "system");
    encnet__unpickle_free(p);
}

/* Every opcode that Python 3 writes, and the dictionaries of Python 2. */
static void reads_later_protocols(void **state)
{
    encnet__unpickled *p = NULL;
    const encnet__value *root, *d;
    uint64_t count;

    (void)state;
    assert_ok(READ(&p, "\x80\x04\x95\x43\0\0\0\0\0\0\0]\x94(\x8c\x02os\x94\x8c\x04"
                       "exec\x93)\x81}K\x07K\x08s\x62M\x01\x02J\xfe\xff\xff\xff\x8a\x02\0\xff"
                       "\x8b\x01\0\0\0\x7fG?\xe0\0\0\0\0\0\0C\x03"
                       "abc\x88\x89\x8f(K\x01\x90\x85h\x01h\x01\x86\x65."));
    root = encnet__unpickle_root(p);
    assert_int_equal(root->n, 11);
    assert_non_null(encnet__value_call_of(encnet__value_item(root, 0), "os", "exec"));
    assert_null(encnet__value_call_of(encnet__value_item(root, 0), "o", "exec"));
    assert_true(encnet__value_item(root, 0)->state->n == 2);
    assert_true(encnet__value_item(root, 1)->integer == 513);
    assert_true(encnet__value_item(root, 2)->integer == -2);
    assert_true(encnet__value_item(root, 3)->integer == -256);
    assert_true(encnet__value_item(root, 4)->integer == 127);
    assert_true(encnet__value_item(root, 5)->real == 0.5);
    assert_string_equal(encnet__value_text(encnet__value_item(root, 6)), "abc");
    assert_true(encnet__value_item(root, 7)->integer == 1);
    assert_true(encnet__value_item(root, 8)->integer == 0);
    assert_true(encnet__value_item(encnet__value_item(root, 9), 0)->n == 1);
    assert_string_equal(encnet__value_text(encnet__value_item(encnet__value_item(root, 10), 1)),
                        "os");
    encnet__unpickle_free(p);
    p = NULL;
    assert_ok(READ(&p,
                   "\x80\x02"
                   "ccollections\nOrderedDict\nq\0]q\1(]q\2(U\1aK\1e]q\3(U\1bK\2ee\x85q\4Rq\5}U\1mK"
                   "\3sb."));
    d = encnet__unpickle_root(p);
    assert_true(encnet__value_is(d, ENCNET__VALUE_DICT));
    assert_true(encnet__value_count(&count, encnet__value_get(d, "b")) && count == 2);
    assert_true(encnet__value_count(&count, encnet__value_get(d->state, "m")) && count == 3);
    assert_int_equal(encnet__unpickle_end(p), 69);
    encnet__unpickle_free(p);
}

/* What is wrong, and words of the sentence. */
#define ROW(text, word)                                                                            \
    {                                                                                              \
        text, sizeof(text) - 1, word                                                               \
    }
static const struct {
    const char *bytes;
    size_t size;
    const char *word;
} wrong[] = {
    ROW("", "it ends too early"),
    ROW(".", "the stack is empty"),
    ROW("]", "it ends too early"),
    ROW("\xff", "opcode 0xff"),
    ROW("\x80\x05\x97.", "opcode 0x97"), /* a buffer that is not in the pickle */
    ROW("\x80\x06.", "a protocol newer than 5"),
    ROW("0.", "the stack is empty"),
    ROW("2.", "the stack is empty"),
    ROW("a.", "the stack is empty"),
    ROW("]a.", "the stack is empty"),
    ROW("](a.", "the stack is empty"),
    ROW("NNa.", "added to what is no list"),
    ROW("}Na.", "added to what is no list"),
    ROW(")(Ne.", "added to what is no list"),
    ROW("]NNs.", "set in what is no dictionary"),
    ROW("K\1(NNu.", "set in what is no dictionary"),
    ROW("}(NNNu.", "a key without a value"),
    ROW("(Nd.", "a key without a value"),
    ROW("e.", "there is no mark"),
    ROW("u.", "there is no mark"),
    ROW("t.", "there is no mark"),
    ROW("1.", "there is no mark"),
    ROW("(e.", "the stack is empty"),
    ROW("N(\x85.", "the stack is empty"),
    ROW("NN\x87.", "the stack is empty"),
    ROW("K\1)R.", "what is called is no name"),
    ROW("cos\nsystem\nNR.", "without a tuple"),
    ROW("(K\1o.", "what is called is no name"),
    ROW("(o.", "what is called is no name"),
    ROW("K\1}b.", "no object"),
    ROW("KN\x93.", "the stack is empty"),
    ROW("K\1K\1\x93.", "no text"),
    ROW("h\0.", "not written"),
    ROW("Nq\1h\0.", "not written"),
    ROW("Nr\xff\xff\xff\xff.", "the memo has more than 1048576 places"),
    ROW("g7\n.", "not written"),
    ROW("gx\n.", "no integer"),
    ROW("Ix\n.", "no integer"),
    ROW("Fx\n.", "no number"),
    ROW("S'x\n.", "lacks its quotes"),
    ROW("X\xff\xff\xff\xffx.", "longer than the file"),
    ROW("B\xff\xff\xff\x7fx.", "longer than the file"),
    ROW("\x8d\xff\xff\xff\xff\xff\xff\xff\xffx.", "longer than the file"),
    ROW("\x8b\xff\xff\xff\xff\1.", "longer than the file"),
    ROW("\x95\xff\xff\xff\xff\xff\xff\xff\xff.", "longer than the file"),
    ROW("cos", "it ends too early"),
};

static void refuses_wrong_pickles(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        encnet__unpickled *p = NULL;
        assert_fails(read_bytes(&p, wrong[i].bytes, wrong[i].size), ENCNET_E_CHECKPOINT,
                     wrong[i].word);
        assert_non_null(strstr(encnet_last_error(), "a.pth: pickle, byte "));
        assert_null(p);
    }
}

/* `n` times `text`, between `before` and `after`. */
static encnet_status read_repeated(encnet__unpickled **out, const char *before, const char *text,
                                   size_t n, const char *after)
{
    encnet__text t = {0};
    encnet_status rc;

    encnet__text_add(&t, "%s", before);
    for (size_t i = 0; i < n; i++) encnet__text_add(&t, "%s", text);
    encnet__text_add(&t, "%s", after);
    assert_false(t.failed);
    rc = read_bytes(out, t.data, t.size);
    encnet__text_free(&t);
    return rc;
}

static void bounds_size_and_depth(void **state)
{
    encnet__unpickled *p = NULL;
    double begin = encnet__now();

    (void)state;
    /* a million lists in each other are a value like any other; more are refused */
    assert_ok(read_repeated(&p, "N", "\x85", 1000000, "."));
    encnet__unpickle_free(p);
    p = NULL;
    assert_fails(read_repeated(&p, "N", "\x85", 1100000, "."), ENCNET_E_CHECKPOINT,
                 "more than 1048576 values");
    assert_fails(read_repeated(&p, "", "(", 1100000, "."), ENCNET_E_CHECKPOINT,
                 "more than 1048576 values");
    assert_fails(read_repeated(&p, "N", "20", 2200000, "."), ENCNET_E_CHECKPOINT,
                 "more than 4194304 opcodes");
    /* each list twice in the next, 10000 deep: 2^10000 elements if anybody walked them */
    assert_ok(read_repeated(&p, "]", "2\x86", 10000, "."));
    encnet__unpickle_free(p);
    p = NULL;
    assert_true(encnet__now() - begin < 20); /* seconds, under a sanitizer too */
}

/* One list of pairs made into a dictionary again and again. */
static void counts_the_copies_of_a_list(void **state)
{
    enum { PAIRS = 5000, CALLS = 1000 };
    encnet__unpickled *p = NULL;
    encnet__text before = {0};

    (void)state;
    encnet__text_add(&before, "ccollections\nOrderedDict\np1\n0](");
    for (int i = 0; i < PAIRS; i++) encnet__text_add(&before, "(NNl");
    encnet__text_add(&before, "e\x85p2\n0");
    assert_fails(read_repeated(&p, before.data, "g1\ng2\nR0", CALLS, "N."), ENCNET_E_CHECKPOINT,
                 "more than 4194304 opcodes");
    encnet__text_free(&before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_protocol_0),
        cmocka_unit_test(reads_later_protocols),
        cmocka_unit_test(refuses_wrong_pickles),
        cmocka_unit_test(bounds_size_and_depth),
        cmocka_unit_test(counts_the_copies_of_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
