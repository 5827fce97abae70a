/* ops.c - the table of operators. */
#include "ops/ops.h"

const encnet__op *const encnet__ops[] = {
#define OP(name, operands, source) &encnet__op_##name,
#include "ops/ops.def"
#undef OP
    NULL,
};
