/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_scores.c - counts and percentages against cases computed by hand. */
#include "support/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eval/eval.h"

#define IGNORED ENCNET_IGNORE

static void scores_of(encnet_scores *s, uint64_t *confusion, int M)
{
    static encnet_class_score rows[ENCNET_MAX_CLASSES];

    memset(s, 0, sizeof *s);
    s->classes = M;
    s->class_score = rows;
    s->confusion = confusion;
    encnet__scores_derive(s);
}

static void assert_near(double a, double b)
{
    assert_close(a, b, 1e-12 * fabs(b));
}

/* label 0 0 0 0 1 x, ids 0 0 1 1 1 1: I = 2,1  L = 4,1  P = 2,3 (the ignored pixel counts nowhere).
 */
static void ignored_pixels_count_nowhere(void **state)
{
    const uint8_t label[] = {0, 0, 0, 0, 1, IGNORED}, ids[] = {0, 0, 1, 1, 1, 1};
    uint64_t confusion[4] = {0};
    encnet_scores s;

    (void)state;
    assert_ok(encnet__confusion_add(confusion, 2, label, ids, 6));
    assert_int_equal(confusion[0], 2);
    assert_int_equal(confusion[1], 2); /* label 0 taken for 1 */
    assert_int_equal(confusion[2], 0);
    assert_int_equal(confusion[3], 1);
    scores_of(&s, confusion, 2);
    assert_near(s.class_score[0].iou, 50);
    assert_near(s.class_score[1].iou, 100.0 * 1 / 3);
    assert_near(s.class_score[0].acc, 50);
    assert_near(s.class_score[1].acc, 100);
    assert_near(s.aacc, 60);
    assert_near(s.miou, (50 + 100.0 / 3) / 2);
    assert_near(s.macc, 75);
    assert_int_equal(s.class_score[0].pixels, 4);
}

/* Class 2 occurs nowhere: 0/0, left out.  Class 1 is only predicted: IoU 0 counts, Acc 0/0 does
 * not. */
static void absent_classes_are_left_out(void **state)
{
    uint64_t confusion[9] = {6, 2, 0, 0, 0, 0, 0, 0, 0};
    encnet_scores s;

    (void)state;
    scores_of(&s, confusion, 3);
    assert_near(s.class_score[0].iou, 75);
    assert_true(s.class_score[1].iou == 0);
    assert_true(isnan(s.class_score[1].acc));
    assert_true(isnan(s.class_score[2].iou) && isnan(s.class_score[2].acc));
    assert_near(s.miou, 37.5);
    assert_near(s.macc, 75);
    assert_near(s.aacc, 75);
}

static void nothing_labelled_is_nan(void **state)
{
    uint64_t confusion[4] = {0};
    encnet_scores s;

    (void)state;
    scores_of(&s, confusion, 2);
    assert_true(isnan(s.aacc) && isnan(s.miou) && isnan(s.macc));
}

static void one_class_and_all_right(void **state)
{
    uint64_t confusion[4] = {0, 0, 0, 7};
    encnet_scores s;

    (void)state;
    scores_of(&s, confusion, 2);
    assert_near(s.aacc, 100);
    assert_near(s.miou, 100);
    assert_true(isnan(s.class_score[0].iou));
}

static double number_from(FILE *f)
{
    char word[32];
    const char *end;
    double number;

    assert_int_equal(fscanf(f, "%31s", word), 1);
    assert_true(encnet__real(&number, word, &end)); /* "nan" too */
    return number;
}

static void assert_as_golden(double got, double golden, double tolerance)
{
    if (isnan(golden))
        assert_true(isnan(got));
    else
        assert_close(got, golden, tolerance);
}

/* mmsegmentation computes in float32 and rounds its means to two decimals; kappa is checked below. */
static void scores_are_mmsegmentations(void **state)
{
    FILE *f = fopen(TEST_DIR "/golden/eval/scores.txt", "r");
    uint64_t confusion[8 * 8];
    encnet_scores s;
    const char *name;
    double percent;
    int M, i;

    (void)state;
    assert_non_null(f);
    M = (int)number_from(f);
    assert_int_equal(M, 7);
    for (i = 0; i < M * M; i++) confusion[i] = (uint64_t)number_from(f);
    scores_of(&s, confusion, M);
    for (int m = 0; m < M; m++) {
        for (i = 0; encnet_scores_of_class(&s, m, i, &name, &percent); i++)
            assert_as_golden(percent, 100 * number_from(f), 100 * 1e-6);
        assert_int_equal(i, 6);
    }
    for (i = 0; encnet_scores_mean(&s, i, &name, &percent) && strcmp(name, "Kappa") != 0; i++)
        assert_as_golden(percent, number_from(f), 0.005 + 1e-4);
    assert_int_equal(i, 7);
    assert_false(encnet_scores_of_class(&s, M, 0, &name, &percent));
    assert_false(encnet_scores_of_class(&s, -1, 0, &name, &percent));
    fclose(f);
}

static void kappa_is_agreement_beyond_chance(void **state)
{
    uint64_t by_hand[4] = {20, 5, 10, 15}, chance[4] = {4, 4, 4, 4}, all[4] = {3, 0, 0, 9};
    uint64_t one[4] = {7, 0, 0, 0};
    encnet_scores s;

    (void)state;
    scores_of(&s, by_hand, 2); /* 0.7 observed; 0.5 x 0.6 + 0.5 x 0.4 = 0.5 by chance */
    assert_near(s.kappa, 40);
    scores_of(&s, chance, 2);
    assert_close(s.kappa, 0, 1e-12);
    scores_of(&s, all, 2);
    assert_near(s.kappa, 100);
    scores_of(&s, one, 2); /* chance alone agrees everywhere */
    assert_true(isnan(s.kappa));
}

/* Sums that no 32-bit counter and no float holds. */
static void large_counts_are_exact(void **state)
{
    uint64_t confusion[4] = {((uint64_t)1 << 40) + 1, 0, ((uint64_t)1 << 40) - 1, 0};
    encnet_scores s;

    (void)state;
    scores_of(&s, confusion, 2);
    assert_near(s.aacc, 100.0 * (double)(((uint64_t)1 << 40) + 1) / (double)((uint64_t)1 << 41));
    assert_int_equal(s.class_score[1].pixels, ((uint64_t)1 << 40) - 1);
}

static void foreign_ids_are_refused(void **state)
{
    const uint8_t label[] = {0, 2}, ids[] = {0, 1}, good[] = {0, 1}, bad[] = {0, 2};
    uint64_t confusion[4] = {0};

    (void)state;
    assert_fails(encnet__confusion_add(confusion, 2, label, ids, 2), ENCNET_E_INTERNAL, "label 2");
    assert_fails(encnet__confusion_add(confusion, 2, good, bad, 2), ENCNET_E_INTERNAL,
                 "prediction 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ignored_pixels_count_nowhere),
        cmocka_unit_test(absent_classes_are_left_out),
        cmocka_unit_test(nothing_labelled_is_nan),
        cmocka_unit_test(one_class_and_all_right),
        cmocka_unit_test(scores_are_mmsegmentations),
        cmocka_unit_test(kappa_is_agreement_beyond_chance),
        cmocka_unit_test(large_counts_are_exact),
        cmocka_unit_test(foreign_ids_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
