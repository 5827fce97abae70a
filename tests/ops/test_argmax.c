/* test_argmax.c - argmax against its reference. */
#include "support/optest.h"

int main(void)
{
    return optest_main(&encnet__op_argmax, NULL, 0);
}
