/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_published.c - encnet_model_published_at() lists every network with a recipe for Cityscapes in
 * crops of 512x1024, as the recipes have it, and its best published mIoU. */
#include "published.h"

#include <dirent.h>
#include <encnet/model.h>

#include "models/option_rows.h"

enum { MOST = 64 };

static encnet_model_published rows[MOST];
static int n_rows;

static void read_rows(void)
{
    n_rows = 0;
    while (n_rows < MOST && encnet_model_published_at(n_rows, &rows[n_rows])) n_rows++;
    assert_in_range(n_rows, 1, MOST - 1);
}

/* Whether the option makes up the network in training. */
static bool counts(const encnet__option *row)
{
    return row->scope == ENCNET__SCOPE_IDENTITY || !strcmp(row->key, "dropout") ||
           !strcmp(row->key, "aux_dropout") || !strcmp(row->key, "loss") ||
           !strcmp(row->key, "aux_loss");
}

static bool are_same(const encnet_options *a, const encnet_options *b)
{
    const encnet__option *row;
    char key[64], of_a[256], of_b[256];

    for (int i = 0; (row = encnet__option_at(i)); i++) {
        if (!counts(row)) continue;
        snprintf(key, sizeof key, "%s.%s", row->section, row->key);
        assert_int_equal(encnet_options_get(of_a, sizeof of_a, a, key), ENCNET_OK);
        assert_int_equal(encnet_options_get(of_b, sizeof of_b, b, key), ENCNET_OK);
        if (strcmp(of_a, of_b) != 0) return false;
    }
    return true;
}

/* The one row whose network is that of this file. */
static int row_of(const char *file)
{
    encnet_config *c = load_named(file);
    size_t length = (size_t)(strstr(file, "_512x1024_") - file);
    const char *rest;
    int found = -1;

    for (int i = 0; i < n_rows; i++) {
        if (!are_same(&rows[i].options, encnet_config_options(c))) continue;
        if (found >= 0) fail_msg("%s: both %s and %s", file, rows[found].name, rows[i].name);
        found = i;
    }
    encnet_config_free(c);
    if (found < 0) fail_msg("%s: its network is not listed", file);
    rest = rows[found].name + length;
    if (strncmp(rows[found].name, file, length) != 0 || (*rest && *rest != '_'))
        fail_msg("%s is listed as %s", file, rows[found].name);
    return found;
}

static void the_recipes_have_these_networks(void **state)
{
    DIR *d = opendir(configs);
    struct dirent *e;
    char name[256];
    bool used[MOST] = {false};

    (void)state;
    read_rows();
    assert_non_null(d);
    while ((e = readdir(d))) {
        if (!strstr(e->d_name, "_512x1024_") || !strstr(e->d_name, "cityscapes")) continue;
        snprintf(name, sizeof name, "%.*s", (int)strcspn(e->d_name, "."), e->d_name);
        used[row_of(name)] = true;
    }
    closedir(d);
    for (int i = 0; i < n_rows; i++)
        if (!used[i]) fail_msg("%s: no file in configs/ has this network", rows[i].name);
}

static void the_best_published_miou_is_listed(void **state)
{
    FILE *f = open_published();
    char line[512], *column[COLUMNS];
    double best[MOST] = {0};

    (void)state;
    read_rows();
    while (fgets(line, sizeof line, f)) {
        double *of_row;
        if (*line == '#') continue;
        split(line, column);
        if (strcmp(column[CROP], "512x1024") != 0 || strcmp(column[DATASET], "Cityscapes") != 0)
            continue;
        of_row = &best[row_of(column[FILE_NAME])];
        for (char *each = strtok(column[MIOU], ";"); each; each = strtok(NULL, ";")) {
            const char *end;
            double miou;
            if (encnet__real(&miou, each, &end) && miou > *of_row) *of_row = miou;
        }
    }
    fclose(f);
    for (int i = 0; i < n_rows; i++)
        if (!(rows[i].miou == best[i]))
            fail_msg("%s: listed with %.2f, best published is %.2f", rows[i].name, rows[i].miou,
                     best[i]);
}

static void there_is_none_before_or_behind(void **state)
{
    encnet_model_published row;

    (void)state;
    read_rows();
    assert_false(encnet_model_published_at(-1, &row));
    assert_false(encnet_model_published_at(n_rows, &row));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_recipes_have_these_networks),
        cmocka_unit_test(the_best_published_miou_is_listed),
        cmocka_unit_test(there_is_none_before_or_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
