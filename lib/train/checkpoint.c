/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * checkpoint.c - checkpoint directories: make, verify, link, prune.
 *
 * A directory named iter_N was complete when it got that name, even if the process is killed or the
 * disk runs full at any moment: it is renamed to iter_N after everything in it has been fsynced,
 * and renamed away before anything in it is removed.
 *
 *   .encnet-unfinished-iter_N  is being made or removed
 *   .encnet-replaced-iter_N    was iter_N until a new iter_N replaced it
 *   iter_N.aside               does not belong to this run any more; it is never touched again
 *
 * Only files that this library writes are ever removed: a directory that holds anything else is a
 * user's and stays, whatever it is called.
 */
#define _POSIX_C_SOURCE 200809L
#include "train/train.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_CHECKSUMS_BYTES 65536u
#define LAST_LINE "checksums-end" /* the name on the last line, which checks the lines before it */
#define CHUNK 65536u
#define REPLACED ".encnet-replaced-"
#define LINK ".encnet-link" /* a link that is being made */

static const char *const required[] = {ENCNET__WEIGHTS_FILE, ENCNET__OPTIMIZER_FILE,
                                       ENCNET__STATE_FILE, ENCNET__CONFIG_FILE};

/* WORK_DIR/iter_N with something before its name. */
static char *path_of(const char *work_dir, const char *prefix, int iter)
{
    char name[64];

    snprintf(name, sizeof name, "%siter_%d", prefix, iter);
    return encnet__path_join(work_dir, name);
}

char *encnet__checkpoint_path(const char *work_dir, int iter)
{
    return path_of(work_dir, "", iter);
}

static encnet_status no_memory(const char *where)
{
    return encnet__fail(ENCNET_E_NOMEM, "%s: no memory for a name", where);
}

static encnet_status io_error(const char *path)
{
    return encnet__fail(ENCNET_E_IO, "%s: %s", path, strerror(errno));
}

static bool exists(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

/* -- listing ----------------------------------------------------------------------------------- */

/* N of `prefix` followed by "iter_N"; -1 for any other name. */
static int iter_of(const char *name, const char *prefix)
{
    char *end;
    long n;

    if (strncmp(name, prefix, strlen(prefix)) != 0) return -1;
    name += strlen(prefix);
    if (strncmp(name, "iter_", 5) != 0 || name[5] < '0' || name[5] > '9') return -1;
    if (name[5] == '0' && name[6] >= '0' && name[6] <= '9') return -1;
    errno = 0;
    n = strtol(name + 5, &end, 10);
    return errno || n > INT32_MAX || *end ? -1 : (int)n;
}

static int rising(const void *a, const void *b)
{
    int s = *(const int *)a, t = *(const int *)b;

    return (s > t) - (s < t);
}

static encnet_status list_prefix(int **iters, int *count, const char *work_dir, const char *prefix)
{
    encnet_status rc = ENCNET_OK;
    struct dirent *entry;
    int *found = NULL, *grown, n = 0, capacity = 0;
    DIR *dir = opendir(work_dir);

    if (!dir) FAIL(ENCNET_E_IO, "%s: %s", work_dir, strerror(errno));
    for (;;) {
        int iter;
        TRY(encnet__dir_next(&entry, dir, work_dir));
        if (!entry) break;
        iter = iter_of(entry->d_name, prefix);
        if (iter < 0) continue;
        grown = encnet__grow(found, &capacity, (size_t)n + 1, sizeof *found);
        if (!grown) FAIL(ENCNET_E_NOMEM, "%s: no memory to list it", work_dir);
        found = grown;
        found[n++] = iter;
    }
    if (n) qsort(found, (size_t)n, sizeof *found, rising);
    *iters = found;
    *count = n;
    found = NULL;
done:
    if (dir) closedir(dir);
    encnet__free(found);
    return rc;
}

encnet_status encnet__checkpoint_list(int **iters, int *count, const char *work_dir)
{
    return list_prefix(iters, count, work_dir, "");
}

/* -- checksums --------------------------------------------------------------------------------- */

static encnet_status checksum(uint32_t *crc, uint64_t *bytes, const char *path)
{
    encnet_status rc = ENCNET_OK;
    unsigned char chunk[CHUNK];
    ssize_t got;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    *crc = 0;
    *bytes = 0;
    if (fd < 0) return io_error(path);
    if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
        FAIL(ENCNET_E_CHECKPOINT, "%s: not a regular file", path);
    while ((got = read(fd, chunk, sizeof chunk)) != 0) {
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) FAIL(ENCNET_E_IO, "%s: %s", path, strerror(errno));
        *crc = encnet__crc(ENCNET__CRC32, *crc, chunk, (size_t)got);
        *bytes += (uint64_t)got;
    }
done:
    close(fd);
    return rc;
}

/* Writes one line "crc32 bytes name" per file, and a last one with the checksum of those lines. */
static encnet_status write_checksums(const char *dir)
{
    encnet_status rc = ENCNET_OK;
    encnet__text t = {0};
    char *path = NULL;

    for (size_t i = 0; i < COUNT_OF(required); i++) {
        uint32_t crc;
        uint64_t bytes;
        if (!(path = encnet__path_join(dir, required[i])))
            FAIL(ENCNET_E_NOMEM, "%s: no memory", dir);
        TRY(checksum(&crc, &bytes, path));
        encnet__text_add(&t, "%08x %llu %s\n", (unsigned)crc, (unsigned long long)bytes,
                         required[i]);
        encnet__free(path);
        path = NULL;
    }
    if (t.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for its checksums", dir);
    encnet__text_add(&t, "%08x %llu %s\n", (unsigned)encnet__crc(ENCNET__CRC32, 0, t.data, t.size),
                     (unsigned long long)t.size, LAST_LINE);
    path = encnet__path_join(dir, ENCNET__CHECKSUMS_FILE);
    if (t.failed || !path) FAIL(ENCNET_E_NOMEM, "%s: no memory for its checksums", dir);
    TRY(encnet__file_write(path, t.data, t.size));
done:
    encnet__free(path);
    encnet__text_free(&t);
    return rc;
}

/* Parses one line of checksums; false if it is malformed. */
static bool read_line(const char *line, uint32_t *crc, uint64_t *bytes, char name[64])
{
    unsigned sum;
    unsigned long long size;

    if (sscanf(line, "%8x %llu %63[^/\n]", &sum, &size, name) != 3) return false;
    *crc = sum;
    *bytes = size;
    return true;
}

/* Finds the line of `name` in text that has been checked. */
static bool find_line(const char *text, const char *name, uint32_t *crc, uint64_t *bytes)
{
    char found[64];

    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
        if (read_line(line, crc, bytes, found) && strcmp(found, name) == 0) return true;
    return false;
}

/* Whether the last line is complete and matches the lines before it. */
static bool checksums_whole(const char *text)
{
    const char *last = strstr(text, LAST_LINE);
    uint32_t crc;
    uint64_t bytes;
    char name[64];

    if (!last || strcmp(last, LAST_LINE "\n") != 0) return false;
    while (last > text && last[-1] != '\n') last--;
    if (!read_line(last, &crc, &bytes, name) || bytes != (uint64_t)(last - text)) return false;
    return encnet__crc(ENCNET__CRC32, 0, text, (size_t)(last - text)) == crc;
}

/* What is missing is damage; what cannot be looked at may be whole. */
static encnet_status missing(const char *path, const char *what)
{
    bool gone = errno == ENOENT || errno == ENOTDIR;

    return encnet__fail(gone ? ENCNET_E_CHECKPOINT : ENCNET_E_IO, "%s: %s%s", path, what,
                        strerror(errno));
}

static encnet_status verify_file(const char *dir, const char *name, const char *text)
{
    encnet_status rc = ENCNET_OK;
    char *path = encnet__path_join(dir, name);
    uint32_t want = 0, crc;
    uint64_t want_bytes = 0, bytes;
    struct stat st;

    if (!path) return no_memory(dir);
    if (!find_line(text, name, &want, &want_bytes))
        FAIL(ENCNET_E_CHECKPOINT, "%s: its checksums do not name %s", dir, name);
    if (stat(path, &st) != 0) TRY(missing(path, ""));
    if ((uint64_t)st.st_size != want_bytes)
        FAIL(ENCNET_E_CHECKPOINT, "%s: damaged: it has %lld bytes, %llu were written", path,
             (long long)st.st_size, (unsigned long long)want_bytes);
    TRY(checksum(&crc, &bytes, path));
    if (crc != want)
        FAIL(ENCNET_E_CHECKPOINT, "%s: damaged: its %llu bytes have checksum %08x, not %08x", path,
             (unsigned long long)bytes, (unsigned)crc, (unsigned)want);
done:
    encnet__free(path);
    return rc;
}

encnet_status encnet__checkpoint_verify(const char *dir)
{
    encnet_status rc = ENCNET_OK;
    char *path = encnet__path_join(dir, ENCNET__CHECKSUMS_FILE), *text = NULL;
    size_t size;
    struct stat st;

    if (!path) return no_memory(dir);
    if (stat(dir, &st) != 0) TRY(missing(dir, "no such checkpoint: "));
    if (!S_ISDIR(st.st_mode)) FAIL(ENCNET_E_CHECKPOINT, "%s: a checkpoint is a directory", dir);
    if (stat(path, &st) != 0) TRY(missing(dir, "no checkpoint, or a damaged one: checksums: "));
    if (!S_ISREG(st.st_mode) || st.st_size > MAX_CHECKSUMS_BYTES)
        FAIL(ENCNET_E_CHECKPOINT, "%s: damaged: no file of checksums", path);
    TRY(encnet__file_read(&text, &size, path, MAX_CHECKSUMS_BYTES));
    if (strlen(text) != size || !checksums_whole(text))
        FAIL(ENCNET_E_CHECKPOINT, "%s: damaged: its last line does not hold for its %zu bytes",
             path, size);
    for (size_t i = 0; i < COUNT_OF(required); i++) TRY(verify_file(dir, required[i], text));
done:
    encnet__free(path);
    encnet__free(text);
    return rc;
}

/* -- removing ---------------------------------------------------------------------------------- */

/* Whether `name` is that of a file, or of one that is being written in its place. */
static bool is_name_of(const char *name, const char *file)
{
    return strcmp(name, file) == 0 || encnet__is_temporary(name, file);
}

/* Whether a file of a checkpoint can have this name. */
static bool is_our_name(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(required); i++)
        if (is_name_of(name, required[i])) return true;
    return is_name_of(name, ENCNET__CHECKSUMS_FILE);
}

/* Whether a directory, and no link to one, holds nothing but what this library wrote. */
static bool is_ours(const char *path)
{
    struct dirent *entry;
    struct stat st;
    bool ours = lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
    DIR *dir = ours ? opendir(path) : NULL;

    while (dir && ours) {
        ours = encnet__dir_next(&entry, dir, path) == ENCNET_OK;
        if (!ours || !entry) break;
        ours = is_our_name(entry->d_name) &&
               fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
               S_ISREG(st.st_mode);
    }
    if (dir) closedir(dir);
    return dir && ours;
}

/* Removes a directory of ours; one that does not exist is no failure. */
static encnet_status remove_dir(const char *path)
{
    encnet_status rc = ENCNET_OK;
    struct dirent *entry;
    DIR *dir;

    if (!exists(path)) return ENCNET_OK;
    if (!is_ours(path))
        return encnet__fail(ENCNET_E_IO, "%s: holds files that are not of a checkpoint", path);
    if (!(dir = opendir(path))) return io_error(path);
    for (;;) {
        TRY(encnet__dir_next(&entry, dir, path));
        if (!entry) break;
        if (unlinkat(dirfd(dir), entry->d_name, 0) != 0)
            FAIL(ENCNET_E_IO, "%s/%s: %s", path, entry->d_name, strerror(errno));
    }
    if (rmdir(path) != 0) FAIL(ENCNET_E_IO, "%s: %s", path, strerror(errno));
done:
    closedir(dir);
    return rc;
}

static encnet_status rename_over(const char *from, const char *to)
{
    return rename(from, to) == 0
               ? ENCNET_OK
               : encnet__fail(ENCNET_E_IO, "%s to %s: %s", from, to, strerror(errno));
}

/* Renames a checkpoint before removing it, so that what is left of it is never taken for one. */
static encnet_status remove_checkpoint(const char *work_dir, int iter)
{
    encnet_status rc = ENCNET_OK;
    char *path = path_of(work_dir, "", iter), *doomed = path_of(work_dir, ENCNET__UNFINISHED, iter);

    if (!path || !doomed) FAIL(ENCNET_E_NOMEM, "%s: no memory for a name", work_dir);
    if (!is_ours(path))
        FAIL(ENCNET_E_IO, "%s: holds files that are not of a checkpoint, and stays", path);
    TRY(remove_dir(doomed));
    TRY(rename_over(path, doomed));
    TRY(remove_dir(doomed));
done:
    encnet__free(path);
    encnet__free(doomed);
    return rc;
}

void encnet__checkpoint_prune(const char *work_dir, int iter, int keep, int best_iter,
                              encnet__tell *tell, void *user)
{
    int *iters = NULL, count = 0;

    if (encnet__checkpoint_list(&iters, &count, work_dir) != ENCNET_OK)
        tell(user, encnet_last_error());
    while (count && iters[count - 1] > iter) count--;
    for (int i = 0; i < count - keep; i++)
        if (iters[i] != best_iter && remove_checkpoint(work_dir, iters[i]) != ENCNET_OK)
            tell(user, encnet_last_error());
    encnet__free(iters);
}

/* Renames `path` to the first free of PATH.aside, PATH.aside2 ... */
static encnet_status set_path_aside(const char *path, encnet__tell *tell, void *user)
{
    encnet_status rc = ENCNET_OK;
    encnet__text aside = {0}, what = {0};

    for (int i = 1; i == 1 || (!aside.failed && exists(aside.data)); i++) {
        encnet__text_free(&aside);
        encnet__text_add(&aside, "%s.aside", path);
        if (i > 1) encnet__text_add(&aside, "%d", i);
    }
    if (aside.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for a name", path);
    TRY(rename_over(path, aside.data));
    encnet__text_add(&what, "%s is not part of this run any more and is now %s", path, aside.data);
    tell(user, what.failed ? path : what.data);
done:
    encnet__text_free(&aside);
    encnet__text_free(&what);
    return rc;
}

/* -- making ------------------------------------------------------------------------------------ */

/* Whether symlink() failed because this file system has none. */
static bool has_no_links(void)
{
    return errno == EPERM || errno == EOPNOTSUPP || errno == ENOTSUP || errno == ENOSYS ||
           errno == EINVAL;
}

bool encnet__checkpoint_can_link(const char *work_dir)
{
    char *probe = encnet__path_join(work_dir, LINK);
    bool can = true;

    if (!probe) return true;
    unlink(probe);
    if (symlink("iter_0", probe) != 0)
        can = !has_no_links();
    else
        unlink(probe);
    encnet__free(probe);
    return can;
}

/* Whether there is a link of either kind. */
static bool is_link(const char *path)
{
    struct stat st;
    char *target = encnet__link_file_target(path);
    bool is = target || (lstat(path, &st) == 0 && S_ISLNK(st.st_mode));

    encnet__free(target);
    return is;
}

/* Makes a link, or a file where there are no links. */
static encnet_status make_link(const char *target, const char *path)
{
    encnet_status rc = ENCNET_OK;
    char line[80];

    if (symlink(target, path) == 0) goto done;
    if (!has_no_links()) TRY(io_error(path));
    snprintf(line, sizeof line, "%s\n", target);
    TRY(encnet__file_write(path, line, strlen(line)));
done:
    return rc;
}

/* Removes the link `path`; something else of this name is moved aside. */
static encnet_status clear_link(const char *path, encnet__tell *tell, void *user)
{
    if (!exists(path)) return ENCNET_OK;
    if (!is_link(path)) return set_path_aside(path, tell, user);
    return unlink(path) == 0 || errno == ENOENT ? ENCNET_OK : io_error(path);
}

encnet_status encnet__checkpoint_link(const char *work_dir, const char *name, int iter,
                                      encnet__tell *tell, void *user)
{
    encnet_status rc = ENCNET_OK;
    char target[64];
    char *path = encnet__checkpoint_path(work_dir, iter), *link = encnet__path_join(work_dir, name),
         *beside = encnet__path_join(work_dir, LINK);

    snprintf(target, sizeof target, "iter_%d", iter);
    if (!path || !link || !beside) FAIL(ENCNET_E_NOMEM, "%s: no memory for a name", work_dir);
    unlink(beside);
    if (!exists(path)) {
        TRY(clear_link(link, tell, user));
        goto done;
    }
    TRY(make_link(target, beside));
    if (exists(link) && !is_link(link)) rc = set_path_aside(link, tell, user);
    if (rc == ENCNET_OK) rc = rename_over(beside, link);
    if (rc != ENCNET_OK)
        unlink(beside);
    else
        rc = encnet__fsync_dir(work_dir);
done:
    encnet__free(path);
    encnet__free(link);
    encnet__free(beside);
    return rc;
}

/* What a replaced checkpoint leaves: nothing, or what a user has put into it. */
static void drop_replaced(const char *old, const char *path, encnet__tell *tell, void *user)
{
    encnet__text aside = {0};

    if (!exists(old)) return;
    if (is_ours(old)) {
        if (remove_dir(old) != ENCNET_OK) tell(user, encnet_last_error());
        return;
    }
    encnet__text_add(&aside, "%s.aside", path);
    for (int i = 2; !aside.failed && exists(aside.data); i++) {
        aside.size = 0;
        encnet__text_add(&aside, "%s.aside%d", path, i);
    }
    if (aside.failed || rename_over(old, aside.data) != ENCNET_OK)
        tell(user, old);
    else
        tell(user, aside.data);
    encnet__text_free(&aside);
}

/* Gives what was made its name; an existing iter_N is renamed first and removed last. */
static encnet_status put_in_place(const char *work_dir, int iter, encnet__tell *tell, void *user)
{
    encnet_status rc = ENCNET_OK;
    char *made = path_of(work_dir, ENCNET__UNFINISHED, iter), *path = path_of(work_dir, "", iter);
    char *old = path_of(work_dir, REPLACED, iter);

    if (!made || !path || !old) FAIL(ENCNET_E_NOMEM, "%s: no memory for a name", work_dir);
    if (exists(path)) {
        TRY(remove_dir(old));
        TRY(rename_over(path, old));
    }
    rc = rename_over(made, path);
    if (rc != ENCNET_OK) {
        if (exists(old)) (void)!rename(old, path);
        goto done;
    }
    TRY(encnet__fsync_dir(work_dir));
    drop_replaced(old, path, tell, user);
done:
    encnet__free(made);
    encnet__free(path);
    encnet__free(old);
    return rc;
}

encnet_status encnet__checkpoint_make(const char *work_dir, int iter,
                                      encnet_status (*fill)(void *user, const char *dir),
                                      encnet__tell *tell, void *user)
{
    encnet_status rc = ENCNET_OK;
    char *made = path_of(work_dir, ENCNET__UNFINISHED, iter);

    if (!made) return no_memory(work_dir);
    TRY(remove_dir(made));
    if (mkdir(made, 0777) != 0) FAIL(ENCNET_E_IO, "%s: %s", made, strerror(errno));
    rc = fill(user, made);
    if (rc == ENCNET_OK) rc = write_checksums(made);
    if (rc == ENCNET_OK) rc = encnet__fsync_dir(made);
    if (rc == ENCNET_OK) rc = put_in_place(work_dir, iter, tell, user);
    if (rc != ENCNET_OK) {
        char *why = encnet__strdup(encnet_last_error()); /* cleaning up may fail as well */
        if (remove_dir(made) != ENCNET_OK && why) (void)encnet__fail(rc, "%s", why);
        encnet__free(why);
        goto done;
    }
    TRY(encnet__checkpoint_link(work_dir, "latest", iter, tell, user));
done:
    encnet__free(made);
    return rc;
}

/* -- finding ----------------------------------------------------------------------------------- */

encnet_status encnet__checkpoint_newest(int *iter, const char *work_dir, encnet__tell *skipped,
                                        void *user)
{
    encnet_status rc = ENCNET_OK;
    int *iters = NULL, count = 0;

    *iter = -1;
    TRY(encnet__checkpoint_list(&iters, &count, work_dir));
    for (int i = count - 1; i >= 0 && *iter < 0; i--) {
        char *path = encnet__checkpoint_path(work_dir, iters[i]);
        if (!path) FAIL(ENCNET_E_NOMEM, "%s: no memory for a name", work_dir);
        rc = encnet__checkpoint_verify(path);
        encnet__free(path);
        if (rc == ENCNET_OK)
            *iter = iters[i];
        else if (rc == ENCNET_E_CHECKPOINT)
            skipped(user, encnet_last_error());
        else
            goto done;
        rc = ENCNET_OK;
    }
done:
    encnet__free(iters);
    return rc;
}

encnet_status encnet__checkpoint_set_aside(const char *work_dir, int iter, encnet__tell *renamed,
                                           void *user)
{
    encnet_status rc = ENCNET_OK;
    int *iters = NULL, count = 0;
    char *path = NULL;

    TRY(encnet__checkpoint_list(&iters, &count, work_dir));
    for (int i = 0; i < count; i++) {
        encnet__free(path);
        path = encnet__checkpoint_path(work_dir, iters[i]);
        if (!path) FAIL(ENCNET_E_NOMEM, "%s: no memory for a name", work_dir);
        if (iters[i] > iter) TRY(set_path_aside(path, renamed, user));
    }
done:
    encnet__free(path);
    encnet__free(iters);
    return rc;
}

encnet_status encnet__checkpoint_restore(const char *work_dir)
{
    encnet_status rc = ENCNET_OK;
    int *iters = NULL, count = 0;
    char *old = NULL, *path = NULL;

    TRY(list_prefix(&iters, &count, work_dir, REPLACED));
    for (int i = 0; i < count; i++) {
        encnet__free(old);
        encnet__free(path);
        old = path_of(work_dir, REPLACED, iters[i]);
        path = path_of(work_dir, "", iters[i]);
        if (!old || !path) FAIL(ENCNET_E_NOMEM, "%s: no memory for a name", work_dir);
        if (!exists(path)) TRY(rename_over(old, path));
    }
done:
    encnet__free(iters);
    encnet__free(old);
    encnet__free(path);
    return rc;
}

/* What a killed process has left of a file that this one may never write again. */
static void tidy_files(const char *work_dir)
{
    static const char *const files[] = {ENCNET__EXPERIMENT_FILE, ENCNET__CURVES_FILE, LINK};

    for (size_t i = 0; i < COUNT_OF(files); i++) {
        char *path = encnet__path_join(work_dir, files[i]);
        if (path) encnet__atomic_file_tidy(path);
        encnet__free(path);
    }
}

void encnet__checkpoint_tidy(const char *work_dir, encnet__tell *tell, void *user)
{
    static const char *const prefixes[] = {REPLACED, ENCNET__UNFINISHED};

    for (size_t k = 0; k < COUNT_OF(prefixes); k++) {
        int *iters = NULL, count = 0;
        if (list_prefix(&iters, &count, work_dir, prefixes[k]) != ENCNET_OK)
            tell(user, encnet_last_error());
        for (int i = 0; i < count; i++) {
            char *path = path_of(work_dir, prefixes[k], iters[i]);
            if (path && remove_dir(path) != ENCNET_OK) tell(user, encnet_last_error());
            encnet__free(path);
        }
        encnet__free(iters);
    }
    tidy_files(work_dir);
}
