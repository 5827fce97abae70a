/* schedule.c - the learning rate of an iteration and of a weight. */
#include "train/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double encnet__lr_at(const encnet_optimizer_options *o, double mult, int it, int max_iters)
{
    double left = 1 - (double)it / max_iters, lr;

    if (mult == 0) return 0;
    lr = (o->lr * mult - o->min_lr) * pow(left > 0 ? left : 0, o->power) + o->min_lr;
    if (it < o->warmup_iters) lr *= 1 - (1 - (double)it / o->warmup_iters) * (1 - o->warmup_ratio);
    return lr;
}

encnet_status encnet__lr_mult(double *mult, const char *list, const char *name)
{
    size_t longest = 0;
    const char *entry = list, *next;

    *mult = 1;
    for (; entry && *entry; entry = next) {
        size_t size = strcspn(entry, ","), prefix = strcspn(entry, ":");
        const char *text;
        char *end;
        double factor;

        next = entry[size] ? entry + size + 1 : NULL;
        while (prefix && *entry == ' ') entry++, prefix--, size--;
        text = prefix < size ? entry + prefix + 1 : "";
        factor = strtod(text, &end);
        while (*end == ' ') end++;
        if (prefix == 0 || end == text || end != entry + size || !(factor >= 0) ||
            !isfinite(factor))
            return encnet__fail(
                ENCNET_E_CONFIG,
                "optimizer.lr_mult: \"%.*s\" is not prefix:factor with a factor >= 0", (int)size,
                entry);
        if (strncmp(name, entry, prefix) == 0 && prefix >= longest) {
            longest = prefix;
            *mult = factor;
        }
    }
    return ENCNET_OK;
}
