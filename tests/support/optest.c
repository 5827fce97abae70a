/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* optest.c - what the tests of operators share. */
#include "support/optest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <encnet/device.h>

static encnet_device *device;
static const encnet__op *checked;

encnet_device *optest_device(void)
{
    return device;
}

void optest_take(encnet_device *dev)
{
    device = dev;
}

void optest_ok(encnet_status status, const char *what, const char *file, int line)
{
    if (status == ENCNET_OK) return;
    print_error("%s: %s (%d)\n", what, encnet_last_error(), status);
    _fail(file, line);
}

void optest_take_for_cpu(bool is_cpu)
{
    /* The facts belong to the device, which is not const; only the view that ops have of them is.
     */
    ((encnet__device_facts *)encnet__device_facts_of(device))->is_cpu = is_cpu;
}

static void check_row(void **state)
{
    const encnet__case *row = *state;
    encnet__check result = {0};

    if (row->big && getenv("ENCNET_TEST_SMALL")) skip();
    OPTEST_OK(encnet__check_case(&result, device, checked, row, ENCNET__F32));
    print_message("    worst error / tolerance %.3g at %s\n", result.worst, result.where);
}

/* With the tensors that the op takes in 16 bits stored in this type. */
static void check_row_stored(const encnet__case *row, encnet__type storage)
{
    encnet__check result = {0};

    if (row->big) skip();
    OPTEST_OK(encnet__check_case(&result, device, checked, row, storage));
    print_message("    worst error / tolerance %.3g at %s\n", result.worst, result.where);
}

static void check_row_in_float16(void **state)
{
    check_row_stored(*state, ENCNET__F16);
}

static void check_row_in_bfloat16(void **state)
{
    check_row_stored(*state, ENCNET__BF16);
}

static void check_row_as_other(void **state)
{
    const encnet__case *row = *state;
    bool is_cpu = encnet__device_facts_of(device)->is_cpu;
    encnet__check result = {0};
    encnet_status status;

    if (row->big) skip();
    optest_take_for_cpu(!is_cpu);
    status = encnet__check_case(&result, device, checked, row, ENCNET__F32);
    if (status == ENCNET_OK && checked->narrow)
        status = encnet__check_case(&result, device, checked, row, ENCNET__F16);
    optest_take_for_cpu(is_cpu);
    OPTEST_OK(status);
}

int optest_open(const encnet_device_options *options)
{
    encnet_status status = encnet_device_open(&device, options);

    if (status == ENCNET_OK) return 0;
    fprintf(stderr, "%s%s\n", status == ENCNET_E_NO_DEVICE ? "skipped: " : "", encnet_last_error());
    return status == ENCNET_E_NO_DEVICE ? 77 : 1;
}

void optest_close(void)
{
    encnet_device_close(device);
}

static int run(const char *name, const struct CMUnitTest *tests, size_t count)
{
    int rc = optest_open(NULL);

    if (rc != 0) return rc;
    rc = _cmocka_run_group_tests(name, tests, count, NULL, NULL);
    optest_close();
    return rc;
}

int optest_group(const char *name, const struct CMUnitTest *tests, size_t count)
{
    return run(name, tests, count);
}

/* The op's own tests, then all rows with each of `n_ways` test functions: in this order, because
 * oclgrind takes new buffers for uninitialised once sub-buffers, which the rows use, have been
 * freed. */
static int run_rows(const encnet__op *op, const CMUnitTestFunction *ways, size_t n_ways,
                    const struct CMUnitTest *extra, size_t n_extra)
{
    size_t rows = (size_t)op->n_cases, n = 0;
    struct CMUnitTest *tests = calloc(rows * n_ways + n_extra, sizeof *tests);
    int rc;

    if (!tests) return 1;
    checked = op;
    for (; n < n_extra; n++) tests[n] = extra[n];
    for (size_t way = 0; way < n_ways; way++)
        for (size_t i = 0; i < rows; i++)
            tests[n++] = (struct CMUnitTest){.name = op->cases[i].what,
                                             .test_func = ways[way],
                                             .initial_state = (void *)&op->cases[i]};
    rc = run(op->name, tests, n);
    free(tests);
    return rc;
}

int optest_main(const encnet__op *op, const struct CMUnitTest *extra, size_t n_extra)
{
    return run_rows(
        op, (const CMUnitTestFunction[]){check_row, check_row_in_float16, check_row_in_bfloat16},
        op->narrow ? 3 : 1, extra, n_extra);
}

int optest_main_both(const encnet__op *op, const struct CMUnitTest *extra, size_t n_extra)
{
    return run_rows(op,
                    (const CMUnitTestFunction[]){check_row, check_row_as_other,
                                                 check_row_in_float16, check_row_in_bfloat16},
                    op->narrow ? 4 : 2, extra, n_extra);
}

static encnet__buffer *make_buffer(size_t size_bytes)
{
    encnet__buffer *b = NULL;

    if (size_bytes) OPTEST_OK(encnet__buffer_new(&b, device, size_bytes));
    return b;
}

static encnet__tensor make_tensor(encnet__shape shape, bool is_integer)
{
    encnet__type type = is_integer ? ENCNET__I32 : ENCNET__F32;

    return (encnet__tensor){make_buffer(encnet__shape_bytes(shape, type)), shape, type};
}

static size_t scratch_bytes(const optest_node *node, bool backward)
{
    size_t forward = encnet__op_scratch_bytes(node->op, &node->shape, false), size = 0;

    if (backward) size = encnet__op_scratch_bytes(node->op, &node->shape, true);
    return size > forward ? size : forward;
}

/* What one rank alone exchanges. */
static void make_exchanged(optest_node *node)
{
    int i = node->op->sync->exchanged;
    encnet__shape shape;

    OPTEST_OK(encnet__op_contribution(&shape, node->op, &node->shape));
    node->call.in[i] = make_tensor(shape, false);
    node->call.din[i].buffer =
        make_buffer(node->op->sync->sums_floats(&node->shape) * sizeof(float));
}

void optest_node_make(optest_node *node, const encnet__op *op, const void *attr, int n_in,
                      const encnet__shape *in, bool backward)
{
    encnet__call *c = &node->call;

    *node = (optest_node){.op = op, .shape = {.attr = attr, .n_in = n_in}};
    memcpy(node->shape.in, in, (size_t)n_in * sizeof *in);
    OPTEST_OK(op->infer(&node->shape));
    node->shape.dev = device;
    if (backward) node->shape.wanted = op->gradients;
    OPTEST_OK(encnet__op_plan(op, &node->shape));
    *c = (encnet__call){.dev = device,
                        .attr = attr,
                        .plan = node->shape.plan,
                        .n_in = n_in,
                        .seed = ENCNET__CHECK_SEED,
                        .step = ENCNET__CHECK_STEP,
                        .node = ENCNET__CHECK_NODE};
    for (int i = 0; i < n_in; i++) {
        c->in[i] = make_tensor(in[i], op->integers >> i & 1);
        if (backward && (op->gradients >> i & 1)) c->din[i] = make_tensor(in[i], false);
    }
    c->out = make_tensor(node->shape.out, op->out_is_integer);
    if (backward) c->dout = make_tensor(node->shape.out, false);
    c->saved = make_buffer(op->saved_bytes ? op->saved_bytes(&node->shape) : 0);
    c->scratch = make_buffer(scratch_bytes(node, backward));
    if (op->sync) make_exchanged(node);
}

void optest_node_free(optest_node *node)
{
    encnet__op_plan_free(node->op, node->shape.plan);
    for (int i = 0; i < ENCNET__MAX_INPUTS; i++) {
        encnet__buffer_free(node->call.in[i].buffer);
        encnet__buffer_free(node->call.din[i].buffer);
    }
    encnet__buffer_free(node->call.out.buffer);
    encnet__buffer_free(node->call.dout.buffer);
    encnet__buffer_free(node->call.saved);
    encnet__buffer_free(node->call.scratch);
}

void optest_put(const encnet__tensor *t, const void *values)
{
    OPTEST_OK(encnet__write(t->buffer, 0, values, encnet__shape_bytes(t->shape, t->type)));
}

void optest_put_all(const encnet__tensor *t, float value)
{
    size_t count = encnet__shape_count(t->shape);
    float *values = calloc(count, sizeof *values);

    assert_non_null(values);
    for (size_t i = 0; i < count; i++) values[i] = value;
    optest_put(t, values);
    free(values);
}

void optest_get(void *values, const encnet__tensor *t)
{
    OPTEST_OK(encnet__read(values, t->buffer, 0, encnet__shape_bytes(t->shape, t->type)));
}

float optest_loss(const encnet__op *op, const void *attr, const encnet__shape in[2], const float *z,
                  const int32_t *label, float *dz)
{
    optest_node node;
    float loss, one = 1;

    optest_node_make(&node, op, attr, 2, in, dz != NULL);
    optest_put(&node.call.in[0], z);
    optest_put(&node.call.in[1], label);
    OPTEST_OK(node.op->forward(&node.call));
    optest_get(&loss, &node.call.out);
    if (dz) {
        optest_put(&node.call.dout, &one);
        OPTEST_OK(node.op->backward(&node.call));
        optest_get(dz, &node.call.din[0]);
    }
    optest_node_free(&node);
    return loss;
}
