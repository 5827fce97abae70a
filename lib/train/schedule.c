/* schedule.c - the learning rate of an iteration and of a weight. */
#include "train/train.h"

#include <math.h>
#include <string.h>

#include "options/options.h"

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
    const char *at = list ? list : "";
    encnet__factor entry;
    size_t longest = 0;

    *mult = 1;
    while (*at) {
        if (!encnet__factor_read(&entry, &at))
            return encnet__option_refuse(ENCNET_E_CONFIG, ENCNET__OPTION_ROW(optimizer.lr_mult),
                                         list);
        if (strncmp(name, entry.prefix, entry.length) == 0 && entry.length >= longest) {
            longest = entry.length;
            *mult = entry.factor;
        }
    }
    return ENCNET_OK;
}
