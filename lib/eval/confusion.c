/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
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

/* The mean of a score over the classes, without NaN. */
typedef struct mean {
    double sum;
    int count;
} mean;

static void mean_add(mean *m, double value)
{
    if (isnan(value)) return;
    m->sum += value;
    m->count++;
}

static double mean_of(const mean *m)
{
    return m->count ? m->sum / m->count : (double)NAN;
}

/* Of `labelled` and `predicted` pixels of a class, `hits` are both. */
static void derive_class(encnet_class_score *s, uint64_t hits, uint64_t labelled,
                         uint64_t predicted)
{
    s->pixels = labelled;
    s->acc = s->recall = percent(hits, labelled);
    s->iou = percent(hits, labelled + predicted - hits);
    s->dice = percent(2 * hits, labelled + predicted);
    s->precision = percent(hits, predicted);
    s->fscore = s->precision + s->recall > 0 /* a quotient 0/0 would print as -nan */
                    ? 2 * s->precision * s->recall / (s->precision + s->recall)
                    : (double)NAN;
}

void encnet__scores_derive(encnet_scores *scores)
{
    size_t M = (size_t)scores->classes;
    const uint64_t *n = scores->confusion;
    uint64_t right = 0, all = 0;
    double by_chance = 0; /* sum of labelled times predicted pixels */
    mean iou = {0}, acc = {0}, dice = {0}, precision = {0}, fscore = {0};

    for (size_t m = 0; m < M; m++) {
        encnet_class_score *s = &scores->class_score[m];
        uint64_t labelled = 0, predicted = 0;

        for (size_t k = 0; k < M; k++) {
            labelled += n[m * M + k];
            predicted += n[k * M + m];
        }
        derive_class(s, n[m * M + m], labelled, predicted);
        right += n[m * M + m];
        all += labelled;
        by_chance += (double)labelled * (double)predicted;
        mean_add(&iou, s->iou);
        mean_add(&acc, s->acc);
        mean_add(&dice, s->dice);
        mean_add(&precision, s->precision);
        mean_add(&fscore, s->fscore);
    }
    by_chance /= (double)all * (double)all;
    scores->aacc = percent(right, all);
    scores->top1 = scores->labels_images ? scores->aacc : (double)NAN;
    scores->top5 = scores->labels_images ? percent(n[M * M], all) : (double)NAN;
    scores->miou = mean_of(&iou);
    scores->macc = scores->mrecall = mean_of(&acc);
    scores->mdice = mean_of(&dice);
    scores->mprecision = mean_of(&precision);
    scores->mfscore = mean_of(&fscore);
    scores->kappa =
        by_chance < 1 ? (scores->aacc - 100 * by_chance) / (1 - by_chance) : (double)NAN;
}

/* A score under the name that it has in tables and logs. */
typedef struct named {
    const char *name;
    double percent;
} named;

/* Hands out the index-th of `count`. */
static bool hand_out(const char **name, double *percent_out, const named *scores, int count,
                     int index)
{
    if (index < 0 || index >= count) return false;
    *name = scores[index].name;
    *percent_out = scores[index].percent;
    return true;
}

bool encnet_scores_mean(const encnet_scores *s, int index, const char **name, double *percent_out)
{
    if (!s || !name || !percent_out) return false;
    const named of_images[] = {{"top1", s->top1}, {"top5", s->top5}, {"mAcc", s->macc}};
    const named of_pixels[] = {{"aAcc", s->aacc},       {"mIoU", s->miou},
                               {"mAcc", s->macc},       {"mDice", s->mdice},
                               {"mFscore", s->mfscore}, {"mPrecision", s->mprecision},
                               {"mRecall", s->mrecall}, {"Kappa", s->kappa}};
    return s->labels_images
               ? hand_out(name, percent_out, of_images, (int)COUNT_OF(of_images), index)
               : hand_out(name, percent_out, of_pixels, (int)COUNT_OF(of_pixels), index);
}

bool encnet_scores_of_class(const encnet_scores *s, int m, int index, const char **name,
                            double *percent_out)
{
    if (!s || !s->class_score || !name || !percent_out || m < 0 || m >= s->classes ||
        m >= ENCNET_MAX_CLASSES)
        return false;
    const encnet_class_score *c = &s->class_score[m];
    const named of_images[] = {{"Acc", c->acc}};
    const named of_pixels[] = {{"IoU", c->iou},
                               {"Acc", c->acc},
                               {"Dice", c->dice},
                               {"Fscore", c->fscore},
                               {"Precision", c->precision},
                               {"Recall", c->recall}};
    return s->labels_images
               ? hand_out(name, percent_out, of_images, (int)COUNT_OF(of_images), index)
               : hand_out(name, percent_out, of_pixels, (int)COUNT_OF(of_pixels), index);
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
    encnet__free(scores->class_score);
    encnet__free(scores->confusion);
    *scores = (encnet_scores){.images = 0};
}
