/* options.c - copies of options, strings included. */
#include "base/base.h"

#include <encnet/options.h>
#include <string.h>

/* Every string of encnet_options. */
static const size_t strings_at[] = {
    offsetof(encnet_options, model.network),      offsetof(encnet_options, model.backbone),
    offsetof(encnet_options, model.checkpoint),   offsetof(encnet_options, model.pretrained),
    offsetof(encnet_options, model.fresh),        offsetof(encnet_options, data.type),
    offsetof(encnet_options, data.root),          offsetof(encnet_options, data.train_images),
    offsetof(encnet_options, data.train_labels),  offsetof(encnet_options, data.val_images),
    offsetof(encnet_options, data.val_labels),    offsetof(encnet_options, data.classes_file),
    offsetof(encnet_options, data.ignore_labels), offsetof(encnet_options, train.class_weights),
    offsetof(encnet_options, optimizer.lr_mult),  offsetof(encnet_options, eval.mode),
    offsetof(encnet_options, eval.image_scale),   offsetof(encnet_options, eval.scales),
    offsetof(encnet_options, device.select),      offsetof(encnet_options, device.conv),
    offsetof(encnet_options, device.shares),      offsetof(encnet_options, model.norm),
    offsetof(encnet_options, output.work_dir),
};

static const char **string_of(encnet_options *o, size_t i)
{
    return (const char **)(void *)((char *)o + strings_at[i]);
}

encnet_status encnet__options_copy(encnet_options *to, char **strings, const encnet_options *from)
{
    size_t size = 1;
    char *block, *next;

    *to = *from;
    for (size_t i = 0; i < COUNT_OF(strings_at); i++)
        if (*string_of(to, i)) size += strlen(*string_of(to, i)) + 1;
    block = next = encnet__alloc(size, 1);
    if (!block) return encnet__fail(ENCNET_E_NOMEM, "no host memory for the options");
    for (size_t i = 0; i < COUNT_OF(strings_at); i++) {
        const char **s = string_of(to, i);
        size_t length = *s ? strlen(*s) : 0;
        if (length) memcpy(next, *s, length + 1);
        *s = length ? next : ""; /* an absent string reads as an empty one */
        if (length) next += length + 1;
    }
    *strings = block;
    return ENCNET_OK;
}
