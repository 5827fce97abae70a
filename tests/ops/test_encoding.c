/* test_encoding.c - encoding against its reference. */
#include "support/optest.h"

int main(void)
{
    return optest_main(&encnet__op_encoding, NULL, 0);
}
