/* test_cross_entropy.c - cross_entropy against its reference. */
#include "support/optest.h"

int main(void)
{
    return optest_main(&encnet__op_cross_entropy, NULL, 0);
}
