/* workdir.c - reserves a work directory for one process at a time and for one experiment. */
#define _DEFAULT_SOURCE
#include "train/train.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct encnet__lock {
    int fd;
};

/* Names the process that holds the lock, if it has written its name yet. */
static encnet_status busy(const char *work_dir, int fd)
{
    char holder[256];
    ssize_t got = pread(fd, holder, sizeof holder - 1, 0);

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

encnet_status encnet__lock_take(encnet__lock **out, const char *work_dir)
{
    encnet_status rc = ENCNET_OK;
    encnet__lock *l = encnet__alloc(1, sizeof *l);
    char *path = encnet__path_join(work_dir, "lock");

    if (l) l->fd = -1;
    if (!l || !path) FAIL(ENCNET_E_NOMEM, "%s: no memory to lock it", work_dir);
    TRY(encnet__make_dirs(work_dir));
    l->fd = encnet__open(path, O_RDWR | O_CREAT);
    if (l->fd < 0) FAIL(ENCNET_E_IO, "%s: %s", path, strerror(errno));
    if (flock(l->fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) {
            rc = busy(work_dir, l->fd);
            goto done;
        }
        /* some network file systems have no locks: train without one */
        if (errno != ENOLCK && errno != EOPNOTSUPP && errno != ENOSYS)
            FAIL(ENCNET_E_IO, "%s: %s", path, strerror(errno));
    }
    write_holder(l->fd);
    *out = l;
    l = NULL;
done:
    encnet__lock_release(l);
    encnet__free(path);
    return rc;
}

void encnet__lock_release(encnet__lock *l)
{
    if (!l) return;
    if (l->fd >= 0) close(l->fd); /* the file stays: removing it would race with the next run */
    encnet__free(l);
}

static bool ends_with(const char *name, const char *ending)
{
    size_t n = strlen(name), e = strlen(ending);

    return n >= e && strcmp(name + n - e, ending) == 0;
}

encnet_status encnet__workdir_is_free(const char *work_dir)
{
    encnet_status rc = ENCNET_OK;
    struct dirent *entry;
    DIR *dir = opendir(work_dir);

    if (!dir) return encnet__fail(ENCNET_E_IO, "%s: %s", work_dir, strerror(errno));
    while ((entry = readdir(dir))) {
        const char *name = entry->d_name;
        bool checkpoint = strncmp(name, "iter_", 5) == 0 && name[5] >= '0' && name[5] <= '9';
        if (checkpoint || strcmp(name, "experiment.ini") == 0 || ends_with(name, ".log.json"))
            FAIL(ENCNET_E_CONFIG,
                 "%s holds an earlier run (%s): go on with it (--resume auto), or choose another "
                 "output.work_dir",
                 work_dir, name);
    }
done:
    closedir(dir);
    return rc;
}
