/* experiment.c - is this configuration the one that a checkpoint belongs to?  Both are printed in
 * the one canonical form and compared key by key. */
#include "train/train.h"

#include <encnet/config.h>
#include <stdlib.h>
#include <string.h>

/* Keys of [model] that may change within a run: they do not make up the network. */
static const char *const model_free[] = {"dropout", "checkpoint", "pretrained", "allow_partial",
                                         "fresh"};
/* Sections that say how and where a run goes on, not what it is. */
static const char *const not_compared[] = {"device", "output"};

/* One "key = value" of printed options; the value of a long one goes on over several lines. */
typedef struct entry {
    char section[32], key[64];
    const char *value;
    size_t size;
} entry;

static bool is_one_of(const char *name, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(name, list[i]) == 0) return true;
    return false;
}

/* End of the line at `s`, or of the last one when lines end in a backslash. */
static const char *end_of_entry(const char *s)
{
    const char *end = s + strcspn(s, "\n");

    while (*end && end > s && end[-1] == '\\') end += 1 + strcspn(end + 1, "\n");
    return end;
}

/* The next entry at *at; false behind the last. */
static bool next_entry(entry *e, const char **at)
{
    const char *s = *at;

    while (*s) {
        const char *end = end_of_entry(s), *equals = strstr(s, " = ");
        if (*s == '[') {
            size_t size = strcspn(s + 1, "]\n");
            if (size >= sizeof e->section) size = sizeof e->section - 1;
            memcpy(e->section, s + 1, size);
            e->section[size] = '\0';
        } else if (equals && equals < end) {
            size_t size = (size_t)(equals - s);
            if (size >= sizeof e->key) size = sizeof e->key - 1;
            memcpy(e->key, s, size);
            e->key[size] = '\0';
            e->value = equals + 3;
            e->size = (size_t)(end - e->value);
            *at = *end ? end + 1 : end;
            return true;
        }
        s = *end ? end + 1 : end;
    }
    return false;
}

static void describe(encnet__text *t, const entry *before, const entry *now)
{
    encnet__text_add(t, "%s.%s: %.*s -> %.*s", now->section, now->key, (int)before->size,
                     before->value, (int)now->size, now->value);
}

/* Sorts the keys that differ into the fatal ones and those that are told. */
static encnet_status compare(encnet__text *fatal, const char *before, const char *now,
                             void (*differs)(void *user, const char *line), void *user)
{
    entry a = {.section = ""}, b = {.section = ""};
    encnet__text line = {0};

    while (next_entry(&a, &before) && next_entry(&b, &now)) {
        if (a.size == b.size && memcmp(a.value, b.value, a.size) == 0) continue;
        if (is_one_of(b.section, not_compared, COUNT_OF(not_compared))) continue;
        if (strcmp(b.section, "model") == 0 &&
            !is_one_of(b.key, model_free, COUNT_OF(model_free))) {
            if (fatal->size) encnet__text_add(fatal, "; ");
            describe(fatal, &a, &b);
            continue;
        }
        line.size = 0;
        describe(&line, &a, &b);
        if (!line.failed) differs(user, line.data);
    }
    encnet__text_free(&line);
    return fatal->failed ? encnet__fail(ENCNET_E_NOMEM, "no memory to compare configurations")
                         : ENCNET_OK;
}

encnet_status encnet__experiment_compare(const char *config_path, const encnet_options *options,
                                         void (*differs)(void *user, const char *line), void *user)
{
    encnet_status rc = ENCNET_OK;
    encnet_config *config = NULL;
    char *before = NULL, *now = NULL;
    encnet__text fatal = {0};

    TRY(encnet_config_load(&config, config_path, NULL, 0, NULL, NULL));
    before = encnet_options_print(encnet_config_options(config));
    now = encnet_options_print(options);
    if (!before || !now) FAIL(ENCNET_E_NOMEM, "%s: no memory to compare it", config_path);
    TRY(compare(&fatal, before, now, differs, user));
    if (fatal.size)
        FAIL(ENCNET_E_CONFIG,
             "%s is of another network (%s): put the keys back, or choose another output.work_dir",
             config_path, fatal.data);
done:
    encnet_config_free(config);
    free(before);
    free(now);
    encnet__text_free(&fatal);
    return rc;
}
