/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* config.c - reads files and overrides into one encnet_options, and records where each value came
 * from. */
#define _POSIX_C_SOURCE 200809L
#include "config/config.h"
#include "config/reader.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MAX_BYTES = 1 << 20, /* of one file */
    MAX_DEPTH = 8,       /* of includes */
    MAX_FILES = 64,      /* included in all, or eight files could stand for billions */
    MAX_PROBLEMS = 100   /* reported one by one */
};

struct encnet_config {
    encnet_options options;
    char **origins; /* one per option, borrowed from `owned`; NULL = default */
    char **owned;   /* texts of values and origins */
    size_t n_owned;
    encnet__inputs files; /* that were read */
    const char *top;      /* the path of the first of them, borrowed from `owned`; NULL: none */
    encnet__text printed, remarks;
};

/* The state of one encnet_config_load(). */
typedef struct load {
    encnet_config *config;
    void (*problem)(void *user, const char *line);
    void (*unknown)(void *user, const char *line);
    void *user;
    bool saved;        /* beside a checkpoint: `unknown` hears of what this version does not have */
    encnet_status rc;  /* of the first problem */
    char first[2048];  /* its sentence */
    encnet__text seen; /* every problem, so that a file read twice complains once */
    int n_problems, n_files;
    const encnet__visit *reading; /* NULL before the first file */
} load;

/* The file that is being read; its pending entry is one that later lines may continue. */
typedef struct file {
    load *load;
    const char *path;
    bool in_section;
    int *lines; /* where each key stands in this file, 0 = nowhere yet */
    int line;   /* of the pending entry, 0 = none */
    encnet__text section, key, value;
} file;

static size_t count_options(void)
{
    int n = 0;

    while (encnet__option_at(n)) n++;
    return (size_t)n;
}

/* -- problems -------------------------------------------------------------------------------- */

/* Reports a problem.  `where` is a file or "--set", or NULL if the sentence names it; `line` is 0 if
 * there is none. */
__attribute__((format(printf, 5, 6))) static void
report(load *l, encnet_status rc, const char *where, int line, const char *format, ...)
{
    char full[sizeof l->first];
    int n = 0;
    va_list ap;

    if (where && line)
        n = snprintf(full, sizeof full, "%.1000s:%d: ", where, line);
    else if (where)
        n = snprintf(full, sizeof full, "%.1000s: ", where);
    va_start(ap, format);
    encnet__vprint(full + n, sizeof full - (size_t)n, format, ap);
    va_end(ap);
    if (l->n_problems >= MAX_PROBLEMS) { /* it is not told, and looking for it takes long */
        l->n_problems++;
        return;
    }
    if (l->seen.data && strstr(l->seen.data, full)) return;
    encnet__text_add(&l->seen, "%s\n", full);
    if (l->rc == ENCNET_OK) {
        l->rc = rc;
        memcpy(l->first, full, sizeof full);
    }
    l->n_problems++;
    if (l->problem) l->problem(l->user, full);
}

/* Reports what this version does not have; in a configuration that an earlier run saved, this is no
 * problem. */
__attribute__((format(printf, 2, 3))) static void remark(const load *l, const char *format, ...)
{
    char line[sizeof l->first];
    va_list ap;

    va_start(ap, format);
    encnet__vprint(line, sizeof line, format, ap);
    va_end(ap);
    if (l->unknown) l->unknown(l->user, line);
}

static void out_of_memory(load *l)
{
    report(l, ENCNET_E_NOMEM, NULL, 0, "out of memory for the configuration");
}

/* Returns a copy that the configuration owns; NULL if there is no memory. */
static char *own(load *l, const char *text)
{
    encnet_config *c = l->config;
    char **owned = encnet__realloc(c->owned, c->n_owned + 1, sizeof *owned);
    char *copy = owned ? encnet__strdup(text) : NULL;

    if (owned) c->owned = owned;
    if (copy)
        c->owned[c->n_owned++] = copy;
    else
        out_of_memory(l);
    return copy;
}

/* The same for a path, in which ~ and variables are replaced. */
static char *own_path(load *l, const char *path, const char *origin)
{
    char *expanded = NULL, *copy = NULL;

    if (encnet__path_expand(&expanded, path) == ENCNET_OK)
        copy = own(l, expanded);
    else
        report(l, ENCNET_E_CONFIG, origin, 0, "%s", encnet_last_error());
    encnet__free(expanded);
    return copy;
}

/* -- one value ------------------------------------------------------------------------------- */

/* Removes the blanks around the items of a list, so that its readers need not skip them.  Those within an item stay:
 * "0.5 1" lacks a comma and is not 0.51. */
static void remove_blanks(char *text)
{
    static const char blanks[] = " \t", ends[] = ",:";
    char *to = text, *begin = text;

    while (*text) {
        size_t n = strspn(text, blanks);
        bool within = to > begin && !strchr(ends, to[-1]) && text[n] && !strchr(ends, text[n]);
        if (within) {
            memmove(to, text, n);
            to += n;
        }
        text += n;
        if (*text) *to++ = *text++;
    }
    *to = '\0';
}

/* Sets the option `index`; `origin` is FILE:LINE, or "--set". */
static void set_value(load *l, int index, const char *value, const char *origin)
{
    const encnet__option *row = encnet__option_at(index);
    bool is_path = row->form == encnet__form_path;
    char *text = is_path ? own_path(l, value, origin) : own(l, value), *from = own(l, origin);

    if (!text || !from) return;
    if ((row->form && !is_path) || row->several || row->most_numbers) remove_blanks(text);
    if (encnet__option_set(&l->config->options, row, text) != ENCNET_OK)
        report(l, ENCNET_E_CONFIG, origin, 0, "%s", encnet_last_error());
    else
        l->config->origins[index] = from;
}

static void unknown_key(load *l, const char *origin, const char *section, const char *key)
{
    const encnet__option *near = encnet__option_nearest(encnet__option_at, section, key);

    if (l->saved)
        remark(l, "%s: this version has no %s.%s and ignores it", origin, section, key);
    else
        report(l, ENCNET_E_CONFIG, origin, 0,
               near ? "unknown key %s.%s; the nearest is %s.%s" : "unknown key %s.%s", section, key,
               near ? near->section : "", near ? near->key : "");
}

/* -- files ----------------------------------------------------------------------------------- */

static void read_path(load *l, const char *path, const char *from, int line);
static void read_found(load *l, const char *path, const char *name, const char *from, int line);

static void include(file *f, const char *value)
{
    const char *slash = strrchr(f->path, '/');
    encnet__text path = {0};
    char *named = NULL;

    if (f->in_section) {
        report(f->load, ENCNET_E_CONFIG, f->path, f->line,
               "include stands above the first section");
    } else if (!*value) {
        report(f->load, ENCNET_E_CONFIG, f->path, f->line, "include names no file");
    } else if (f->load->reading && f->load->reading->depth > MAX_DEPTH) {
        report(f->load, ENCNET_E_CONFIG, f->path, f->line, "include = %s: more than %d files deep",
               value, MAX_DEPTH);
    } else if (encnet__path_expand(&named, value) != ENCNET_OK) {
        report(f->load, ENCNET_E_CONFIG, f->path, f->line, "include: %s", encnet_last_error());
    } else {
        if (slash && *named != '/')
            encnet__text_add(&path, "%.*s/", (int)(slash - f->path), f->path);
        encnet__text_add(&path, "%s", named);
        if (path.failed)
            out_of_memory(f->load);
        else
            read_found(f->load, path.data, named, f->path, f->line);
    }
    encnet__free(named);
    encnet__text_free(&path);
}

static void take_key(file *f, const char *section, const char *name, const char *value)
{
    int index = encnet__option_find(encnet__option_at, section, name);
    int *line = index >= 0 ? &f->lines[index] : NULL;
    encnet__text origin = {0};

    encnet__text_add(&origin, "%s:%d", f->path, f->line);
    if (origin.failed)
        out_of_memory(f->load);
    else if (!line)
        unknown_key(f->load, origin.data, section, name);
    else if (*line)
        report(f->load, ENCNET_E_CONFIG, f->path, f->line, "%s.%s stands in line %d already",
               section, name, *line);
    else
        set_value(f->load, index, value, origin.data);
    if (line) *line = f->line;
    encnet__text_free(&origin);
}

/* Takes the pending entry, which is now complete. */
static void finish_entry(file *f)
{
    const char *section = f->section.data, *key = f->key.data, *value = f->value.data;

    if (!f->line) return;
    if (f->section.failed || f->key.failed || f->value.failed)
        out_of_memory(f->load);
    else if (strcmp(key, "include") == 0)
        include(f, value);
    else if (!*key)
        report(f->load, ENCNET_E_CONFIG, f->path, f->line, "a value without a key");
    else if (!*section)
        report(f->load, ENCNET_E_CONFIG, f->path, f->line, "%s stands above the first [section]",
               key);
    else
        take_key(f, section, key, value);
    f->line = 0;
}

static void set_text(encnet__text *t, const char *text)
{
    t->size = 0;
    encnet__text_bytes(t, text, strlen(text));
}

static bool on_section(void *user, int line, const char *name)
{
    const char *near = encnet__section_nearest(name);
    file *f = user;

    finish_entry(f);
    f->in_section = true;
    if (encnet__section_known(name)) return true;
    if (f->load->saved)
        remark(f->load, "%s:%d: this version has no [%s] and ignores it", f->path, line, name);
    else
        report(f->load, ENCNET_E_CONFIG, f->path, line,
               near ? "unknown section [%s]; the nearest is [%s]" : "unknown section [%s]", name,
               near ? near : "");
    return false;
}

static void on_entry(void *user, int line, const char *section, const char *key, const char *value)
{
    file *f = user;

    finish_entry(f);
    f->line = line;
    set_text(&f->section, section);
    set_text(&f->key, key);
    set_text(&f->value, value);
}

static void on_more(void *user, const char *value)
{
    file *f = user;

    if (f->line) encnet__text_bytes(&f->value, value, strlen(value));
}

static void on_problem(void *user, int line, const char *sentence)
{
    file *f = user;

    report(f->load, ENCNET_E_CONFIG, f->path, line, "%s", sentence);
}

static void read_text(load *l, const char *path, const char *text, size_t size)
{
    file f = {.load = l, .path = path};
    encnet__ini_hooks hooks = {on_section, on_entry, on_more, on_problem, &f};

    f.lines = encnet__alloc(count_options(), sizeof *f.lines);
    if (f.lines) {
        encnet__ini_read(text, size, &hooks);
        finish_entry(&f);
    } else {
        out_of_memory(l);
    }
    encnet__free(f.lines);
    encnet__text_free(&f.section);
    encnet__text_free(&f.key);
    encnet__text_free(&f.value);
}

/* `from` and `line` are where the path was named; NULL for the first file. */
static void read_path(load *l, const char *path, const char *from, int line)
{
    const encnet__visit *up = l->reading;
    encnet__visit here;
    char *text = NULL;
    size_t size;

    if (++l->n_files > MAX_FILES) {
        report(l, ENCNET_E_CONFIG, from, line, "include = %s: more than %d files in all", path,
               MAX_FILES);
    } else if (!encnet__visit_begin(&here, path, up)) {
        report(l, ENCNET_E_CONFIG, from, line, "include = %s: this file is being read already",
               path);
    } else {
        l->reading = &here;
        if (encnet__inputs_add(&l->config->files, path) != ENCNET_OK) out_of_memory(l);
        if (encnet__text_file_read(&text, &size, path, MAX_BYTES) == ENCNET_OK)
            read_text(l, path, text, size);
        else
            report(l, ENCNET_E_IO, from, line, "%s", encnet_last_error());
        l->reading = up;
    }
    encnet__free(text);
}

/* Reads the file `path` or, where there is none, the installed configuration `name`. */
static void read_found(load *l, const char *path, const char *name, const char *from, int line)
{
    char *found = encnet__config_find(path, name);
    encnet__text searched = {0};

    if (!found && access(path, F_OK) != 0 && errno == ENOENT) {
        if (*name != '/') encnet__config_searched(&searched, name);
        report(l, ENCNET_E_IO, from, line, "%s: %s%s", path, strerror(ENOENT),
               searched.data ? searched.data : "");
    } else {
        if (!from) l->config->top = own(l, found ? found : path);
        read_path(l, found ? found : path, from, line);
    }
    encnet__free(found);
    encnet__text_free(&searched);
}

/* -- overrides ------------------------------------------------------------------------------- */

/* [from,to) without blanks around it. */
static void trim(encnet__text *out, const char *from, const char *to)
{
    while (from < to && strchr(" \t", *from)) from++;
    while (to > from && strchr(" \t", to[-1])) to--;
    encnet__text_bytes(out, from, (size_t)(to - from));
}

/* Sets section.key to a value; `text` is what says so, for messages. */
static void set_named(load *l, const char *origin, const char *section, const char *key,
                      const char *value, const char *text)
{
    const char *near = encnet__section_nearest(section);
    int index;

    if (!encnet__section_known(section))
        report(l, ENCNET_E_CONFIG, origin, 0,
               near ? "unknown section %s in %s; the nearest is %s" : "unknown section %s in %s",
               section, text, near ? near : "");
    else if ((index = encnet__option_find(encnet__option_at, section, key)) >= 0)
        set_value(l, index, value, origin);
    else
        unknown_key(l, origin, section, key);
}

static void override(load *l, const char *text)
{
    const char *equals = strchr(text, '='), *dot = strchr(text, '.');
    encnet__text section = {0}, name = {0}, value = {0};

    if (!equals || !dot || dot > equals) {
        report(l, ENCNET_E_CONFIG, "--set", 0, "%s: must be section.key=value", text);
        return;
    }
    trim(&section, text, dot);
    trim(&name, dot + 1, equals);
    trim(&value, equals + 1, equals + strlen(equals));
    if (section.failed || name.failed || value.failed)
        out_of_memory(l);
    else
        set_named(l, "--set", section.data, name.data, value.data, text);
    encnet__text_free(&section);
    encnet__text_free(&name);
    encnet__text_free(&value);
}

static void take_setting(load *l, const encnet__mmseg_setting *s)
{
    const char *dot = strchr(s->key, '.');
    encnet__text section = {0}, origin = {0};

    encnet__text_bytes(&section, s->key, (size_t)(dot - s->key));
    encnet__text_add(&origin, "%s:%d", s->file, s->line);
    if (section.failed || origin.failed)
        out_of_memory(l);
    else
        set_named(l, origin.data, section.data, dot + 1, s->value, s->key);
    encnet__text_free(&section);
    encnet__text_free(&origin);
}

/* -- the whole ------------------------------------------------------------------------------- */

static void on_contradiction(void *user, const char *section, const char *key, const char *sentence)
{
    load *l = user;
    int index = encnet__option_find(encnet__option_at, section, key);
    const char *origin = index >= 0 ? l->config->origins[index] : NULL;

    report(l, ENCNET_E_CONFIG, origin ? origin : "default", 0, "%s", sentence);
}

/* output.work_dir is named after the configuration unless it says something else. */
static void name_work_dir(load *l, const char *path)
{
    const char *stem = encnet__base_name(path), *dot = strrchr(stem, '.');
    size_t length = dot && dot > stem ? (size_t)(dot - stem) : strlen(stem);
    const encnet__option *row = ENCNET__OPTION_ROW(output.work_dir);
    encnet__text dir = {0};
    char *owned;

    if (*l->config->options.output.work_dir) return;
    encnet__text_add(&dir, "work_dirs/%.*s", (int)length, stem);
    owned = dir.failed ? NULL : own(l, dir.data);
    if (dir.failed) out_of_memory(l);
    if (owned && encnet__option_set(&l->config->options, row, owned) != ENCNET_OK)
        report(l, ENCNET_E_CONFIG, path, 0, "%s", encnet_last_error());
    encnet__text_free(&dir);
}

/* Checks what was read and hands it over, or says what the first problem was. */
static encnet_status conclude(load *l, encnet_config **out, const char *path)
{
    encnet_status rc = ENCNET_OK;
    char s[80];

    if (l->rc == ENCNET_OK && path) name_work_dir(l, path);
    if (l->rc == ENCNET_OK && !l->saved)
        encnet__config_check(&l->config->options, on_contradiction, l);
    if (l->n_problems > MAX_PROBLEMS && l->problem) {
        snprintf(s, sizeof s, "and %d problems more", l->n_problems - MAX_PROBLEMS);
        l->problem(l->user, s);
    }
    if (l->rc != ENCNET_OK) FAIL(l->rc, "%s", l->first);
    *out = l->config;
    l->config = NULL;
done:
    encnet_config_free(l->config);
    encnet__text_free(&l->seen);
    return rc;
}

static encnet_status begin(load *l, void (*problem)(void *user, const char *line), void *user)
{
    *l = (load){.problem = problem, .user = user};
    l->config = encnet__alloc(1, sizeof *l->config);
    if (l->config) l->config->origins = encnet__alloc(count_options(), sizeof *l->config->origins);
    if (l->config && l->config->origins) {
        encnet_options_default(&l->config->options);
        return ENCNET_OK;
    }
    encnet_config_free(l->config);
    return encnet__fail(ENCNET_E_NOMEM, "configuration: out of memory");
}

static encnet_status check_overrides(const char *const *overrides, int n)
{
    if (n < 0 || (n && !overrides))
        return encnet__fail(ENCNET_E_ARG, "encnet_config_load: %d overrides%s", n,
                            n < 0 ? "" : ", but overrides is NULL");
    for (int i = 0; i < n; i++)
        if (!overrides[i])
            return encnet__fail(ENCNET_E_ARG, "encnet_config_load: overrides[%d] is NULL", i);
    return ENCNET_OK;
}

encnet_status encnet_config_load(encnet_config **out, const char *path,
                                 const char *const *overrides, int n_overrides,
                                 void (*problem)(void *user, const char *line), void *user)
{
    encnet_status rc;
    load l;

    NEED(out);
    TRY(check_overrides(overrides, n_overrides));
    TRY(begin(&l, problem, user));
    if (path) read_found(&l, path, path, NULL, 0);
    for (int i = 0; i < n_overrides; i++) override(&l, overrides[i]);
    rc = conclude(&l, out, path);
done:
    return rc;
}

encnet_status encnet__config_load_saved(encnet_config **out, const char *path,
                                        void (*unknown)(void *user, const char *line), void *user)
{
    encnet_status rc;
    load l;

    TRY(begin(&l, NULL, user));
    l.saved = true;
    l.unknown = unknown;
    read_path(&l, path, NULL, 0);
    rc = conclude(&l, out, NULL);
done:
    return rc;
}

encnet_status encnet__config_override_saved(encnet_config **out, const char *path,
                                            const char *const *overrides, int n_overrides,
                                            void (*problem)(void *user, const char *line),
                                            void *user)
{
    encnet_status rc;
    load l;

    TRY(check_overrides(overrides, n_overrides));
    TRY(begin(&l, problem, user));
    l.saved = true;
    read_path(&l, path, NULL, 0);
    l.saved = false;
    for (int i = 0; i < n_overrides; i++) override(&l, overrides[i]);
    rc = conclude(&l, out, NULL);
done:
    return rc;
}

encnet_status encnet__config_load_mmseg(encnet_config **out, const encnet__mmseg *m,
                                        const char *const *overrides, int n_overrides,
                                        void (*problem)(void *user, const char *line), void *user)
{
    encnet_status rc;
    const encnet__mmseg_setting *s;
    load l;

    TRY(begin(&l, problem, user));
    for (int i = 0; (s = encnet__mmseg_setting_at(m, i)); i++) take_setting(&l, s);
    for (int i = 0; i < n_overrides; i++) override(&l, overrides[i]);
    rc = conclude(&l, out, NULL);
done:
    return rc;
}

encnet_status encnet__config_parse(encnet_config **out, const char *name, const char *text,
                                   size_t size, void (*problem)(void *user, const char *line),
                                   void *user)
{
    static const encnet__visit top = {.depth = 1};
    encnet_status rc;
    load l;

    TRY(begin(&l, problem, user));
    l.reading = &top; /* what has no file stands at the top all the same */
    l.n_files = 1;
    read_text(&l, name, text, size);
    rc = conclude(&l, out, name);
done:
    return rc;
}

void encnet_config_free(encnet_config *config)
{
    if (!config) return;
    for (size_t i = 0; i < config->n_owned; i++) encnet__free(config->owned[i]);
    encnet__free(config->owned);
    encnet__free(config->origins);
    encnet__inputs_free(&config->files);
    encnet__text_free(&config->printed);
    encnet__text_free(&config->remarks);
    encnet__free(config);
}

encnet_status encnet_config_output_check(const encnet_config *config, const char *path)
{
    encnet_status rc = ENCNET_OK;
    const char *slash;
    char *dir = NULL;
    struct stat st;

    NEED(config);
    NEED(path);
    TRY(encnet__inputs_refuse(&config->files, path));
    TRY(encnet__training_refuse(path));
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) FAIL(ENCNET_E_IO, "%s: a folder", path);
    slash = strrchr(path, '/');
    dir = encnet__strdup(slash ? path : ".");
    if (!dir) FAIL(ENCNET_E_NOMEM, "%s: no memory for its name", path);
    if (slash) dir[slash == path ? 1 : slash - path] = '\0';
    if (stat(path, &st) != 0 && access(dir, W_OK) != 0)
        FAIL(ENCNET_E_IO, "%s: %s", path, strerror(errno));
done:
    encnet__free(dir);
    return rc;
}

/* Whether a value comes from the user's own file or command line, not from an included file, which serves
 * several networks. */
static bool is_own(const encnet_config *config, const char *origin)
{
    size_t size = config->top ? strlen(config->top) : 0;

    return strcmp(origin, "--set") == 0 ||
           (size && strncmp(origin, config->top, size) == 0 && origin[size] == ':');
}

const char *encnet_config_remarks(encnet_config *config)
{
    const encnet__option *row;
    const encnet_options *o;

    if (!config) return "";
    o = &config->options;
    encnet__text_free(&config->remarks);
    for (int i = 0; (row = encnet__option_at(i)); i++)
        if (config->origins[i] && is_own(config, config->origins[i]) &&
            !encnet__option_is_read(o, row))
            encnet__text_add(&config->remarks, "%s: %s.%s has no effect on %s with %s\n",
                             config->origins[i], row->section, row->key, o->model.network,
                             o->model.backbone);
    return config->remarks.failed || !config->remarks.data ? "" : config->remarks.data;
}

const encnet_options *encnet_config_options(const encnet_config *config)
{
    return config ? &config->options : NULL;
}

const char *encnet__config_origin(const encnet_config *config, int index)
{
    return config->origins[index];
}

encnet__text *encnet__config_text(encnet_config *config)
{
    return &config->printed;
}

/* -- the list, for programs -------------------------------------------------------------------- */

bool encnet_config_key_at(int index, encnet_config_key *out)
{
    const encnet__option *row = encnet__option_at(index);
    encnet__text type = {0};

    if (!row || !out) return false;
    encnet__option_type(&type, row);
    *out = (encnet_config_key){row->section, row->key, "", row->default_text, row->help};
    if (!type.failed) snprintf(out->type, sizeof out->type, "%s", type.data);
    encnet__text_free(&type);
    return true;
}

bool encnet_config_section_at(int index, const char **name, const char **help)
{
    const encnet__section *section = encnet__section_at(index);

    if (!section) return false;
    if (name) *name = section->name;
    if (help) *help = section->help;
    return true;
}
