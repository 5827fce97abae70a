/* test_confusion.c - confusion against its reference. */
#include "support/optest.h"

int main(void)
{
    return optest_main(&encnet__op_confusion, NULL, 0);
}
