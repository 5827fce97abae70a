/* confusion.c - exact counts of (label, prediction), and the percentages computed from them. */
#include "eval/eval.h"

#include <math.h>

encnet_status encnet__confusion_add(uint64_t *confusion, int M, const uint8_t *label,
                                    const uint8_t *ids, size_t P)
{
    for (size_t p = 0; p < P; p++) {
        if (label[p] == ENCNET_IGNORE) continue;
        if (label[p] >= M || ids[p] >= M)
            return encnet__fail(ENCNET_E_INTERNAL,
                                "pixel %zu: label %d, prediction %d of %d classes", p, label[p],
                                ids[p], M);
        confusion[(size_t)label[p] * (size_t)M + ids[p]]++;
    }
    return ENCNET_OK;
}

/* Counts stay below 2^53, so the division is the only rounding. */
static double percent(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * ((double)part / (double)whole) : (double)NAN;
}

void encnet__scores_derive(encnet_scores *scores)
{
    size_t M = (size_t)scores->classes;
    const uint64_t *n = scores->confusion;
    uint64_t hits = 0, all = 0;
    double iou_sum = 0, acc_sum = 0;
    int iou_count = 0, acc_count = 0;

    for (size_t m = 0; m < M; m++) {
        encnet_class_score *s = &scores->class_score[m];
        uint64_t labelled = 0, predicted = 0;

        for (size_t k = 0; k < M; k++) {
            labelled += n[m * M + k];
            predicted += n[k * M + m];
        }
        hits += n[m * M + m];
        all += labelled;
        s->pixels = labelled;
        s->acc = percent(n[m * M + m], labelled);
        s->iou = percent(n[m * M + m], labelled + predicted - n[m * M + m]);
        if (!isnan(s->iou)) iou_sum += s->iou, iou_count++;
        if (!isnan(s->acc)) acc_sum += s->acc, acc_count++;
    }
    scores->aacc = percent(hits, all);
    scores->top1 = scores->labels_images ? scores->aacc : (double)NAN;
    scores->top5 = scores->labels_images ? percent(n[M * M], all) : (double)NAN;
    scores->miou = iou_count ? iou_sum / iou_count : (double)NAN;
    scores->macc = acc_count ? acc_sum / acc_count : (double)NAN;
}

bool encnet_scores_mean(const encnet_scores *s, int index, const char **name, double *percent_out)
{
    static const char *const names[2][3] = {{"aAcc", "mIoU", "mAcc"}, {"top1", "top5", "mAcc"}};

    if (!s || !name || !percent_out || index < 0 || index > 2) return false;
    *name = names[s->labels_images][index];
    if (s->labels_images)
        *percent_out = (const double[]){s->top1, s->top5, s->macc}[index];
    else
        *percent_out = (const double[]){s->aacc, s->miou, s->macc}[index];
    return true;
}

double encnet__scores_main(const encnet_scores *s)
{
    return s->labels_images ? s->top1 : s->miou;
}

bool encnet__is_among(const float *probs, int M, int label, int k)
{
    int above = 0;

    for (int m = 0; m < M; m++)
        above += probs[m] > probs[label] || (probs[m] == probs[label] && m < label);
    return above < k && !isnan(probs[label]);
}

void encnet_scores_free(encnet_scores *scores)
{
    if (!scores) return;
    encnet__free(scores->confusion);
    scores->confusion = NULL;
}
