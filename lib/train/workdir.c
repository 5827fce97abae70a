/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* workdir.c - reserves a work directory for one process at a time and for one experiment, and looks at
 * the room on its disk. */
#define _DEFAULT_SOURCE
#include "train/train.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MIB 1048576.0

struct encnet__lock {
    int fd;  /* of the lock file */
    int dir; /* of the work directory */
    char *
        made_in; /* the work directory as it was called when the lock file was made there; NULL: it was there before */
    size_t kept; /* so much of that path led to a directory that was there before */
};

/* Names the process that holds the lock, if it has written its name yet. */
static encnet_status busy(const char *work_dir, int fd)
{
    char holder[256];
    ssize_t got = encnet__read_at(fd, holder, sizeof holder - 1, 0);

    holder[got > 0 ? got : 0] = '\0';
    holder[strcspn(holder, "\n")] = '\0';
    return encnet__fail(ENCNET_E_BUSY, "%s: another run is training there: %s", work_dir,
                        holder[0] ? holder : "its process is just starting");
}

/* Writes the name of this process to the lock file.  It is for people; the lock itself is
 * flock(). */
static void write_holder(int fd)
{
    char host[128] = "", text[192];
    int size;

    if (gethostname(host, sizeof host - 1) != 0) strcpy(host, "an unknown host");
    size = snprintf(text, sizeof text, "process %ld on %s\n", (long)getpid(), host);
    if (ftruncate(fd, 0) == 0) (void)!pwrite(fd, text, (size_t)size, 0);
}

static encnet_status no_lock(const char *path)
{
    return encnet__fail(ENCNET_E_IO,
                        "%s: this is the name of the lock of a training, but no lock; move it away",
                        path);
}

/* The open file has to be a lock: an empty one, or one that names a process.  Anything else is a user's. */
static encnet_status check_is_lock(int fd, const char *path)
{
    static const char begin[] = "process ";
    char found[sizeof begin - 1];
    struct stat st;
    ssize_t got = -1;

    if (fstat(fd, &st) == 0) {
        if (!S_ISREG(st.st_mode)) return no_lock(path);
        got = encnet__read_at(fd, found, sizeof found, 0);
    }
    if (got < 0) return encnet__fail(ENCNET_E_IO, "%s: %s", path, strerror(errno));
    if (got == 0 || (got == sizeof found && memcmp(found, begin, sizeof found) == 0))
        return ENCNET_OK;
    return no_lock(path);
}

/* Whether `path` is what `fd` is open on. */
static encnet_status is_same(bool *same, int fd, const char *path)
{
    struct stat a, b;

    *same = false;
    if (fstat(fd, &a) != 0) return encnet__fail(ENCNET_E_IO, "%s: %s", path, strerror(errno));
    if (stat(path, &b) == 0)
        *same = a.st_dev == b.st_dev && a.st_ino == b.st_ino;
    else if (errno != ENOENT && errno != ENOTDIR)
        return encnet__fail(ENCNET_E_IO, "%s: %s", path, strerror(errno));
    return ENCNET_OK;
}

/* How much of a path leads to a directory that is there. */
static size_t there_already(const char *path)
{
    size_t size = strlen(path);
    char *copy = encnet__strdup(path);

    while (copy && size && !encnet__is_directory(copy)) {
        while (size && copy[size - 1] == '/') size--;
        while (size && copy[size - 1] != '/') size--;
        copy[size] = '\0';
    }
    encnet__free(copy);
    return copy ? size : strlen(path);
}

/* Opens the lock file; *made: it was not there. */
static int open_lock(const char *path, bool *made)
{
    const int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK;

    for (;;) {
        int fd = encnet__open(path, flags | O_CREAT | O_EXCL);
        *made = fd >= 0;
        if (*made || errno != EEXIST) return fd;
        fd = encnet__open(path, flags);
        if (fd >= 0 || errno != ENOENT)
            return fd; /* otherwise another process has just removed it */
    }
}

/* Opens and locks the file; *held: it was not removed meanwhile, by a run whose start was refused. */
static encnet_status try_lock(encnet__lock *l, const char *work_dir, const char *path, bool *held)
{
    encnet_status rc = ENCNET_OK;
    size_t kept = there_already(work_dir);
    bool made;

    TRY(encnet__make_dirs(work_dir));
    l->fd = open_lock(path, &made);
    if (l->fd < 0 && errno != ELOOP) FAIL(ENCNET_E_IO, "%s: %s", path, strerror(errno));
    TRY(l->fd < 0 ? no_lock(path) : check_is_lock(l->fd, path));
    if (made && !l->made_in) {
        l->made_in = encnet__strdup(work_dir); /* without memory, the file stays */
        l->kept = kept;
    }
    if (flock(l->fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) {
            rc = busy(work_dir, l->fd);
            goto done;
        }
        /* some network file systems have no locks: train without one */
        if (errno != ENOLCK && errno != EOPNOTSUPP && errno != ENOSYS)
            FAIL(ENCNET_E_IO, "%s: %s", path, strerror(errno));
    }
    TRY(is_same(held, l->fd, path));
done:
    return rc;
}

encnet_status encnet__lock_take(encnet__lock **out, const char *work_dir)
{
    encnet_status rc = ENCNET_OK;
    encnet__lock *l = encnet__alloc(1, sizeof *l);
    char *path = encnet__path_join(work_dir, "lock");
    bool held;

    if (l) l->fd = l->dir = -1;
    if (!l || !path) FAIL(ENCNET_E_NOMEM, "%s: no memory to lock it", work_dir);
    for (;;) {
        TRY(try_lock(l, work_dir, path, &held));
        if (held) break;
        close(l->fd);
        l->fd = -1;
    }
    l->dir = encnet__open(work_dir, O_RDONLY | O_DIRECTORY);
    if (l->dir < 0) FAIL(ENCNET_E_IO, "%s: %s", work_dir, strerror(errno));
    write_holder(l->fd);
    *out = l;
    l = NULL;
done:
    encnet__lock_release(l);
    encnet__free(path);
    return rc;
}

/* Removes what the lock has made: its file, and the directories if they are empty. */
static void remove_made(const encnet__lock *l)
{
    char *path = l->made_in ? encnet__path_join(l->made_in, "lock") : NULL;
    bool ours;

    /* who opens the file before it is removed and locks it later sees that it is gone, and makes another */
    if (!path || is_same(&ours, l->fd, path) != ENCNET_OK || !ours || unlink(path) != 0) goto done;
    for (char *slash; strlen(path) > l->kept && (slash = strrchr(path, '/')) && slash > path;) {
        *slash = '\0';
        if (strlen(path) > l->kept && slash[-1] != '/' && rmdir(path) != 0) break;
    }
done:
    encnet__free(path);
}

void encnet__lock_undo(encnet__lock *l)
{
    if (l) remove_made(l);
    encnet__lock_release(l);
}

void encnet__lock_release(encnet__lock *l)
{
    if (!l) return;
    if (l->dir >= 0) close(l->dir);
    if (l->fd >= 0) close(l->fd); /* the file stays: it says who trained here last */
    encnet__free(l->made_in);
    encnet__free(l);
}

/* Puts back a lock file that somebody has removed and nobody has made anew. */
static bool put_back(encnet__lock *l)
{
    int fd = openat(l->dir, "lock", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

    if (fd < 0) return false;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return false;
    }
    close(l->fd);
    l->fd = fd;
    write_holder(fd);
    return true;
}

/* Whether the directory is the locked one, and its lock file the lock. */
static encnet_status holds(bool *held, encnet__lock *l, const char *work_dir)
{
    encnet_status rc = ENCNET_OK;
    char *path = encnet__path_join(work_dir, "lock");

    *held = false;
    if (!path) FAIL(ENCNET_E_NOMEM, "%s: no memory for its name", work_dir);
    TRY(is_same(held, l->dir, work_dir));
    if (!*held) goto done;
    TRY(is_same(held, l->fd, path));
    if (!*held) *held = put_back(l);
done:
    encnet__free(path);
    return rc;
}

encnet_status encnet__lock_check(encnet__lock *l, char **work_dir, encnet__tell *tell, void *user)
{
    encnet_status rc = ENCNET_OK;
    char link[64], now[4096];
    encnet__text line = {0};
    ssize_t size;
    bool held;

    TRY(holds(&held, l, *work_dir));
    if (held) goto done;
    snprintf(link, sizeof link, "/proc/self/fd/%d", l->dir);
    size = readlink(link, now, sizeof now - 1);
    now[size > 0 ? size : 0] = '\0';
    if (size > 0) TRY(holds(&held, l, now));
    if (!held)
        FAIL(ENCNET_E_IO,
             "%s: this work directory was removed or replaced while the run trained in it; nothing "
             "more is written there",
             *work_dir);
    encnet__text_add(&line, "the work directory %s has been renamed to %s", *work_dir, now);
    encnet__free(*work_dir);
    *work_dir = encnet__strdup(now);
    if (!*work_dir || line.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for its name", now);
    tell(user, line.data);
done:
    encnet__text_free(&line);
    return rc;
}

encnet_status encnet__workdir_is_free(const char *work_dir)
{
    encnet_status rc = ENCNET_OK;
    struct dirent *entry;
    DIR *dir = opendir(work_dir);

    if (!dir) return encnet__fail(ENCNET_E_IO, "%s: %s", work_dir, strerror(errno));
    for (;;) {
        TRY(encnet__dir_next(&entry, dir, work_dir));
        if (!entry) break;
        const char *name = entry->d_name;
        bool checkpoint = strncmp(name, "iter_", 5) == 0 && name[5] >= '0' && name[5] <= '9';
        if (checkpoint || strcmp(name, ENCNET__EXPERIMENT_FILE) == 0 ||
            encnet__ends_in(name, ".log.json"))
            FAIL(ENCNET_E_CONFIG,
                 "%s holds an earlier run (%s): go on with it (--resume auto), or choose another "
                 "output.work_dir",
                 work_dir, name);
    }
done:
    closedir(dir);
    return rc;
}

/* The bytes that this process may still write to the file system of `path`.  False: it does not say. */
static bool free_bytes(double *out, const char *path)
{
    struct statvfs disk;

    if (statvfs(path, &disk) != 0 || disk.f_blocks == 0) return false;
    *out = (double)(geteuid() == 0 ? disk.f_bfree : disk.f_bavail) *
           (double)(disk.f_frsize ? disk.f_frsize : disk.f_bsize);
    return true;
}

encnet_status encnet__workdir_check_room(const char *work_dir, const encnet__room *need,
                                         encnet__tell *tell, void *user)
{
    encnet_status rc = ENCNET_OK;
    double one = (double)need->checkpoint, all = one * need->count, available;
    struct rlimit limit;
    char line[600];

    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        limit.rlim_cur < need->largest)
        FAIL(ENCNET_E_IO,
             "%s: File too large: %s of a checkpoint takes %.1f MiB, and this process may write "
             "files "
             "of %.1f MiB (ulimit -f): raise that limit",
             work_dir, ENCNET__WEIGHTS_FILE, (double)need->largest / MIB,
             (double)limit.rlim_cur / MIB);
    if (!free_bytes(&available, work_dir)) goto done;
    if (available < one)
        FAIL(ENCNET_E_IO,
             "%s: %.1f MiB are free there, and a checkpoint takes %.1f MiB: make room, or choose "
             "another output.work_dir",
             work_dir, available / MIB, one / MIB);
    if (available >= all) goto done;
    encnet__print(line, sizeof line,
                  "%s: %.1f MiB are free there, and the %d checkpoints that are to be added take "
                  "%.1f MiB: make room, or keep fewer (train.keep_checkpoints)",
                  work_dir, available / MIB, need->count, all / MIB);
    tell(user, line);
done:
    return rc;
}
