/* test_linear.c - linear against its reference. */
#include "support/optest.h"

int main(void)
{
    return optest_main(&encnet__op_linear, NULL, 0);
}
