/* json.c - text as a JSON string. */
#include "base/base.h"

void encnet__text_json(encnet__text *t, const char *s)
{
    encnet__text_bytes(t, "\"", 1);
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\')
            encnet__text_add(t, "\\%c", c);
        else if (c == '\n')
            encnet__text_add(t, "\\n");
        else if (c == '\t')
            encnet__text_add(t, "\\t");
        else if (c < 0x20)
            encnet__text_add(t, "\\u%04x", c);
        else
            encnet__text_bytes(t, s, 1);
    }
    encnet__text_bytes(t, "\"", 1);
}
