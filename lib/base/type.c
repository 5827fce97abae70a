/* type.c - names and sizes of element types. */
#include "base/type.h"

#include <string.h>

static const struct {
    const char *name;
    unsigned bytes;
} types[] = {
#define ROW(name, bytes) {#name, bytes},
    ENCNET__TYPE_LIST(ROW)
#undef ROW
};

const char *encnet__type_name(encnet__type type)
{
    return types[type].name;
}

size_t encnet__type_bytes(encnet__type type)
{
    return types[type].bytes;
}

bool encnet__type_find(encnet__type *out, const char *name)
{
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (strcmp(types[i].name, name) != 0) continue;
        *out = (encnet__type)i;
        return true;
    }
    return false;
}

size_t encnet__shape_bytes(encnet__shape s, encnet__type type)
{
    return encnet__shape_count(s) * encnet__type_bytes(type);
}
