/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* logfile.c - the logs of a run: text, one JSON object per record, TensorBoard events.  Files are
 * only appended to, one write per record; a last line that a killed process left incomplete is cut
 * off. */
#define _POSIX_C_SOURCE 200809L
#include "train/train.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAX_SCALARS 32

/* A file that is appended to; fd < 0 = not open. */
typedef struct sink {
    int fd;
    char *path;
    bool reported; /* that it cannot be written */
} sink;

struct encnet__log {
    sink text, json, events;
    const encnet_train_hooks *hooks; /* borrowed; may be NULL */
};

static double wall_time(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void tell(const encnet__log *l, const char *line)
{
    if (l->hooks && l->hooks->log) l->hooks->log(l->hooks->user, line);
}

/* Appends a record to a log, the whole of it or nothing, so that readers go on behind it.  A failure is
 * reported once and does not end the run. */
static void append(encnet__log *l, sink *s, const void *data, size_t size)
{
    const char *from = data;
    char line[1024];
    struct stat before;
    bool known = s->fd >= 0 && fstat(s->fd, &before) == 0;

    while (s->fd >= 0 && size) {
        ssize_t put = write(s->fd, from, size);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) {
            encnet__print(line, sizeof line, "%s: this log cannot be written any more: %s", s->path,
                          strerror(errno));
            if (from != data && known && S_ISREG(before.st_mode))
                (void)!ftruncate(s->fd, before.st_size);
            if (!s->reported) tell(l, line);
            s->reported = true;
            return;
        }
        from += put;
        size -= (size_t)put;
    }
}

/* Cuts an incomplete last line, which a killed process has left. */
static encnet_status cut_torn_line(int fd, const char *path)
{
    char chunk[4096];
    struct stat st;
    off_t end, keep = 0;

    if (fstat(fd, &st) != 0) return encnet__fail(ENCNET_E_IO, "%s: %s", path, strerror(errno));
    for (end = st.st_size; end > 0 && keep == 0;) {
        off_t from = end > (off_t)sizeof chunk ? end - (off_t)sizeof chunk : 0;
        ssize_t got = pread(fd, chunk, (size_t)(end - from), from);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return encnet__fail(ENCNET_E_IO, "%s: %s", path, strerror(errno));
        for (ssize_t i = got; i > 0 && keep == 0; i--)
            if (chunk[i - 1] == '\n') keep = from + i;
        end = from;
    }
    if (keep < st.st_size && ftruncate(fd, keep) != 0)
        return encnet__fail(ENCNET_E_IO, "%s: %s", path, strerror(errno));
    return ENCNET_OK;
}

static encnet_status open_sink(sink *s, const char *dir, const char *name, bool lines)
{
    encnet_status rc = ENCNET_OK;

    s->path = encnet__path_join(dir, name);
    if (!s->path) return encnet__fail(ENCNET_E_NOMEM, "%s: no memory for a name", dir);
    s->fd = encnet__open(s->path, O_RDWR | O_CREAT | O_APPEND);
    if (s->fd < 0) FAIL(ENCNET_E_IO, "%s: %s", s->path, strerror(errno));
    if (lines) TRY(cut_torn_line(s->fd, s->path));
done:
    return rc;
}

static void close_sink(sink *s)
{
    if (s->fd >= 0) close(s->fd);
    encnet__free(s->path);
}

/* TensorBoard takes all files of a folder together, so every process writes one of its own. */
static encnet_status open_events(encnet__log *l, const char *work_dir, int first_iter)
{
    encnet_status rc = ENCNET_OK;
    char *dir = encnet__path_join(work_dir, ENCNET__EVENTS_DIR), name[256], host[128] = "";
    encnet__text records = {0};
    double now = wall_time();

    if (!dir) return encnet__fail(ENCNET_E_NOMEM, "%s: no memory for a name", work_dir);
    TRY(encnet__make_dirs(dir));
    if (gethostname(host, sizeof host - 1) != 0 || strchr(host, '/')) strcpy(host, "host");
    snprintf(name, sizeof name, "events.out.tfevents.%010lld.%s.%ld.0", (long long)now, host,
             (long)getpid());
    TRY(open_sink(&l->events, dir, name, false));
    encnet__event_version(&records, now);
    if (first_iter > 1) encnet__event_start(&records, now, first_iter);
    append(l, &l->events, records.data, records.size);
done:
    encnet__free(dir);
    encnet__text_free(&records);
    return rc;
}

encnet_status encnet__log_open(encnet__log **out, const char *work_dir, const char *name,
                               bool tensorboard, int first_iter, const encnet_train_hooks *hooks)
{
    encnet_status rc = ENCNET_OK;
    encnet__log *l = encnet__alloc(1, sizeof *l);
    encnet__text text = {0}, json = {0};

    if (!l) return encnet__fail(ENCNET_E_NOMEM, "no memory for the logs");
    l->text.fd = l->json.fd = l->events.fd = -1;
    l->hooks = hooks;
    encnet__text_add(&text, "%s.log", name);
    encnet__text_add(&json, "%s.log.json", name);
    if (text.failed || json.failed) FAIL(ENCNET_E_NOMEM, "no memory for the logs");
    TRY(open_sink(&l->text, work_dir, text.data, true));
    TRY(open_sink(&l->json, work_dir, json.data, true));
    if (tensorboard) TRY(open_events(l, work_dir, first_iter));
    *out = l;
    l = NULL;
done:
    encnet__text_free(&text);
    encnet__text_free(&json);
    encnet__log_close(l);
    return rc;
}

void encnet__log_close(encnet__log *l)
{
    if (!l) return;
    close_sink(&l->text);
    close_sink(&l->json);
    close_sink(&l->events);
    encnet__free(l);
}

/* -- text -------------------------------------------------------------------------------------- */

/* "2026-01-31 12:00:00,000 - encnet - INFO - ", as Python's logging has it */
static void add_date(encnet__text *t)
{
    struct timespec now;
    struct tm local;
    char date[32];

    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &local);
    strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &local);
    encnet__text_add(t, "%s,%03ld - encnet - INFO - ", date, now.tv_nsec / 1000000);
}

/* Writes a line to the file and the hook, and frees it. */
static void end_line(encnet__log *l, encnet__text *line)
{
    if (!line->failed) {
        tell(l, line->data);
        encnet__text_bytes(line, "\n", 1);
        append(l, &l->text, line->data, line->size);
    }
    encnet__text_free(line);
}

void encnet__log_line(encnet__log *l, const char *format, ...)
{
    encnet__text line = {0};
    char text[2048];
    va_list ap;

    va_start(ap, format);
    encnet__vprint(text, sizeof text, format, ap);
    va_end(ap);
    add_date(&line);
    encnet__text_add(&line, "%s", text);
    end_line(l, &line);
}

void encnet__log_text(encnet__log *l, const char *title, const char *text)
{
    encnet__text t = {0};
    size_t size = strlen(text);

    add_date(&t);
    encnet__text_add(&t, "%s\n%s%s", title, text, size && text[size - 1] == '\n' ? "" : "\n");
    if (!t.failed) append(l, &l->text, t.data, t.size);
    encnet__text_free(&t);
}

/* As Python prints a timedelta: "10:21:33", "1 day, 2:03:04". */
static void add_duration(encnet__text *t, double seconds)
{
    long long s = seconds > 0 && seconds < 1e12 ? (long long)seconds : 0, days = s / 86400;

    if (days) encnet__text_add(t, "%lld day%s, ", days, days == 1 ? "" : "s");
    encnet__text_add(t, "%lld:%02lld:%02lld", s % 86400 / 3600, s % 3600 / 60, s % 60);
}

/* -- records ----------------------------------------------------------------------------------- */

/* Writes a JSON object as a line, and frees it. */
static void end_object(encnet__log *l, encnet__text *object)
{
    encnet__text_add(object, "}\n");
    if (!object->failed) append(l, &l->json, object->data, object->size);
    encnet__text_free(object);
}

void encnet__log_meta(encnet__log *l, const char *name, const char *environment, uint64_t seed,
                      const char *config)
{
    encnet__text t = {0};

    encnet__text_add(&t, "{\"env_info\": ");
    encnet__text_json(&t, environment);
    encnet__text_add(&t, ", \"encnet_version\": ");
    encnet__text_json(&t, encnet_version());
    encnet__text_add(&t, ", \"seed\": %llu, \"exp_name\": ", (unsigned long long)seed);
    encnet__text_json(&t, name);
    encnet__text_add(&t, ", \"config\": ");
    encnet__text_json(&t, config);
    end_object(l, &t);
}

/* JSON has no NaN and no infinity. */
static void add_member(encnet__text *object, const char *name, double value)
{
    encnet__text_add(object, ", \"%s\": ", name);
    encnet__text_add(object, isfinite(value) ? "%.9g" : "null", value);
}

static void add_events(encnet__log *l, int step, const char *prefix, const encnet__scalar *scalars,
                       int n)
{
    encnet__text record = {0};

    encnet__event_scalars(&record, wall_time(), step, prefix, scalars, n);
    append(l, &l->events, record.data, record.size);
    encnet__text_free(&record);
}

void encnet__log_train(encnet__log *l, const encnet__train_record *r)
{
    encnet__text line = {0}, object = {0};
    encnet__scalar scalars[MAX_SCALARS];
    int n = 0;

    add_date(&line);
    encnet__text_add(&line, "Iter [%d/%d]\tlr: %.3e, eta: ", r->iter, r->max_iters, r->lr);
    add_duration(&line, r->seconds_left);
    encnet__text_add(&line, ", time: %.3f, data_time: %.3f, memory: %d", r->seconds,
                     r->data_seconds, r->memory_mib);
    encnet__text_add(
        &object,
        "{\"mode\": \"train\", \"epoch\": %d, \"iter\": %d, \"step\": %d, \"lr\": %.9g, "
        "\"memory\": %d, \"data_time\": %.5f",
        r->epoch, r->iter, r->iter, r->lr, r->memory_mib, r->data_seconds);
    for (int i = 0; i < r->n_terms && n < MAX_SCALARS - 1; i++) {
        encnet__text_add(&line, ", %s: %.4f", r->terms[i].name, r->terms[i].value);
        add_member(&object, r->terms[i].name, r->terms[i].value);
        scalars[n++] = r->terms[i];
    }
    encnet__text_add(&object, ", \"time\": %.5f", r->seconds);
    scalars[n++] = (encnet__scalar){"lr", r->lr};
    end_line(l, &line);
    end_object(l, &object);
    add_events(l, r->iter, "train", scalars, n);
}

/* Appends how many classes the mean covers, if not all, and the IoU of each to the object. */
static void add_classes(encnet__text *line, encnet__text *object, const encnet_scores *scores)
{
    int occur = 0;

    for (int m = 0; m < scores->classes; m++) {
        const encnet_class_score *c = &scores->class_score[m];
        occur += !isnan(c->iou);
        encnet__text_add(object, "%s", m ? ", " : ", \"IoU\": {");
        encnet__text_json(object, c->name);
        encnet__text_add(object, isnan(c->iou) ? ": null" : ": %.9g", c->iou / 100);
    }
    if (scores->classes) encnet__text_add(object, "}");
    if (occur < scores->classes)
        encnet__text_add(line, " (mIoU over %d of %d classes; the others do not occur)", occur,
                         scores->classes);
}

/* The IoU of each class, to the file and to the events. */
static void log_classes(encnet__log *l, int iter, const encnet_scores *scores)
{
    encnet__scalar *scalars = encnet__alloc((size_t)scores->classes + 1, sizeof *scalars);
    encnet__text table = {0};
    int n = 0;

    for (int m = 0; scalars && m < scores->classes; m++) {
        const encnet_class_score *c = &scores->class_score[m];
        encnet__text_add(&table, "%-24s %7.2f %%  %llu pixels\n", c->name, c->iou,
                         (unsigned long long)c->pixels);
        if (!isnan(c->iou)) scalars[n++] = (encnet__scalar){c->name, c->iou / 100};
    }
    if (n && !table.failed) encnet__log_text(l, "IoU per class:", table.data);
    if (n) add_events(l, iter, "val/IoU", scalars, n);
    encnet__free(scalars);
    encnet__text_free(&table);
}

void encnet__log_val(encnet__log *l, int iter, int epoch, double lr, const encnet_scores *scores)
{
    encnet__text line = {0}, object = {0};
    encnet__scalar scalars[MAX_SCALARS];
    bool has_iou = false;
    int n = 0;

    add_date(&line);
    encnet__text_add(&line, "Iter(val) [%d]", iter);
    for (; encnet_scores_mean(scores, n, &scalars[n].name, &scalars[n].value); n++) {
        scalars[n].value /= 100;
        encnet__text_add(&line, "%s%s: %.4f", n ? ", " : "\t", scalars[n].name, scalars[n].value);
    }
    encnet__text_add(&object,
                     "{\"mode\": \"val\", \"epoch\": %d, \"iter\": %d, \"step\": %d, \"lr\": %.9g",
                     epoch, iter, iter, lr);
    for (int i = 0; i < n; i++) {
        add_member(&object, scalars[i].name, scalars[i].value);
        has_iou |= strcmp(scalars[i].name, "mIoU") == 0;
    }
    if (has_iou) add_classes(&line, &object, scores);
    end_line(l, &line);
    end_object(l, &object);
    add_events(l, iter, "val", scalars, n);
    if (has_iou) log_classes(l, iter, scores);
}

void encnet__log_image(encnet__log *l, int iter, const char *tag, int h, int w, const void *png,
                       size_t png_bytes)
{
    encnet__text record = {0};

    encnet__event_image(&record, wall_time(), iter, tag, h, w, png, png_bytes);
    append(l, &l->events, record.data, record.size);
    encnet__text_free(&record);
}
