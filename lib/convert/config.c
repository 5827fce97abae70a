/* config.c - a configuration of mmsegmentation as an INI file of ours. */
#include "config/config.h"
#include "mmseg/mmseg.h"

#include <encnet/convert.h>
#include <string.h>

/* A line of a comment, without what an INI file cannot have. */
static void add_comment(encnet__text *out, const char *sentence)
{
    bool valid = encnet__is_utf8(sentence, strlen(sentence));

    encnet__text_add(out, "# ");
    for (; *sentence; sentence++) {
        unsigned char c = (unsigned char)*sentence;
        bool odd = c < ' ' || c == 127 || (!valid && c > 127);
        encnet__text_bytes(out, odd ? "?" : sentence, 1);
    }
    encnet__text_add(out, "\n");
}

/* The whole text of the INI file. */
static encnet_status print(encnet__text *out, const encnet__mmseg *m, const char *name)
{
    encnet_status rc = ENCNET_OK;
    encnet_config *config = NULL;
    encnet__text options = {0}, first = {0};
    const char *remark, *slash = strrchr(name, '/');

    TRY(encnet__config_load_mmseg(&config, m, NULL, 0, NULL, NULL));
    TRY(encnet__config_print_set(&options, config));
    encnet__text_add(&first, "Converted from %s.", slash ? slash + 1 : name);
    add_comment(out, first.failed ? "" : first.data);
    for (int i = 0; (remark = encnet__mmseg_remark_at(m, i)); i++) add_comment(out, remark);
    encnet__text_bytes(out, options.data, options.size);
    if (out->failed || first.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory to convert it", name);
done:
    encnet_config_free(config);
    encnet__text_free(&options);
    encnet__text_free(&first);
    return rc;
}

encnet_status encnet_convert_config(const char *out, const char *in)
{
    encnet_status rc = ENCNET_OK;
    encnet__mmseg *m = NULL;
    encnet__text text = {0};

    TRY(encnet__mmseg_read(&m, in));
    TRY(encnet__mmseg_map(m, ENCNET__MMSEG_ALL));
    TRY(print(&text, m, in));
    TRY(encnet__file_write(out, text.data, text.size));
done:
    encnet__mmseg_free(m);
    encnet__text_free(&text);
    return rc;
}
