/* test_presence.c - presence against its reference. */
#include "support/optest.h"

int main(void)
{
    return optest_main(&encnet__op_presence, NULL, 0);
}
