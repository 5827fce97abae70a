/* test_softmax.c - softmax against its reference. */
#include "support/optest.h"

int main(void)
{
    return optest_main(&encnet__op_softmax, NULL, 0);
}
