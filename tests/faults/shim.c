/* Lets one operation on watched files go wrong: loaded before libc, armed by fault_arm in the process to be hurt. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* What an operation may do to a disk; a fault hits those of one kind and above. */
enum kind { LOOKS, CHANGES, GROWS, WRITES };
enum mode { COUNT, KILL_BEFORE, KILL_AFTER, ONCE, FROM_THERE, SHORT };
enum verdict { PASS, FAIL, CUT, DIE_AFTER };

/* Shared with the process that looks on, so that a killed one can still tell. */
struct tally {
    long count;
    char hit[512];
};

static struct tally *tally;
static char root[PATH_MAX], skipped[PATH_MAX];
static int mode, number, least;
static long point;

void fault_arm(struct tally *to, const char *where, const char *without, int kind, long at, int how, int error)
{
    snprintf(root, sizeof root, "%s", where);
    snprintf(skipped, sizeof skipped, "%s", without);
    least = kind, point = at, mode = how, number = error;
    to->count = 0, to->hit[0] = 0;
    tally = to;
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

/* The path behind a descriptor, or behind a name that is relative to one; NULL where nobody watches. */
static const char *place(int folder, const char *name, char *text)
{
    size_t length = 0;
    text[0] = 0;
    if (!tally || (name && name[0] != '/' && folder == AT_FDCWD))
        return NULL;
    if (!name || name[0] != '/') {
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        long got = syscall(SYS_readlink, link, text, PATH_MAX - 1);
        if (got < 0)
            return NULL;
        text[length = got] = 0;
    }
    if (name && length + strlen(name) + 2 < PATH_MAX)
        sprintf(text + length, "%s%s", length ? "/" : "", name);
    size_t deep = strlen(root);
    if (strncmp(text, root, deep) || (text[deep] != '/' && text[deep]))
        return NULL;
    return skipped[0] && strstr(text, skipped) ? NULL : text;
}

static enum verdict verdict(const char *what, enum kind kind, const char *where)
{
    if (!where || (int)kind < least)
        return PASS;
    long now = __atomic_add_fetch(&tally->count, 1, __ATOMIC_SEQ_CST);
    if (mode == COUNT || now < point || (now > point && mode != FROM_THERE))
        return PASS;
    if (now == point)
        snprintf(tally->hit, sizeof tally->hit, "%s %s", what, where + strlen(root));
    if (mode == KILL_BEFORE)
        die();
    if (mode == ONCE || mode == FROM_THERE) {
        errno = number;
        return FAIL;
    }
    return mode == SHORT ? CUT : DIE_AFTER;
}

#define REAL(name, type, ...)                            \
    static type (*real)(__VA_ARGS__);                    \
    if (!real)                                           \
        real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name); \
    char text[PATH_MAX];                                 \
    (void)text

#define CALL(type, name, kind, folder, path, ...)                  \
    enum verdict what = verdict(#name, kind, place(folder, path, text)); \
    if (what == FAIL)                                              \
        return -1;                                                 \
    type result = real(__VA_ARGS__);                               \
    if (what == DIE_AFTER)                                         \
        die();                                                     \
    return result


#define OPENS (flags & (O_CREAT | O_TRUNC) ? GROWS : LOOKS)
#define OPTIONAL_MODE                \
    va_list rest;                    \
    va_start(rest, flags);           \
    mode_t bits = flags & O_CREAT ? va_arg(rest, mode_t) : 0; \
    va_end(rest)

int open64(const char *path, int flags, ...)
{
    OPTIONAL_MODE;
    REAL(open64, int, const char *, int, ...);
    CALL(int, open64, OPENS, AT_FDCWD, path, path, flags, bits);
}

int openat64(int folder, const char *path, int flags, ...)
{
    OPTIONAL_MODE;
    REAL(openat64, int, int, const char *, int, ...);
    CALL(int, openat64, OPENS, folder, path, folder, path, flags, bits);
}

int stat64(const char *restrict path, struct stat64 *restrict to)
{
    REAL(stat64, int, const char *, struct stat64 *);
    CALL(int, stat64, LOOKS, AT_FDCWD, path, path, to);
}

int lstat64(const char *restrict path, struct stat64 *restrict to)
{
    REAL(lstat64, int, const char *, struct stat64 *);
    CALL(int, lstat64, LOOKS, AT_FDCWD, path, path, to);
}

int fstat64(int file, struct stat64 *to)
{
    REAL(fstat64, int, int, struct stat64 *);
    CALL(int, fstat64, LOOKS, file, NULL, file, to);
}

int fstatat64(int folder, const char *restrict path, struct stat64 *restrict to, int flags)
{
    REAL(fstatat64, int, int, const char *, struct stat64 *, int);
    CALL(int, fstatat64, LOOKS, folder, path, folder, path, to, flags);
}

ssize_t readlink(const char *restrict path, char *restrict to, size_t size)
{
    REAL(readlink, ssize_t, const char *, char *, size_t);
    CALL(ssize_t, readlink, LOOKS, AT_FDCWD, path, path, to, size);
}

ssize_t read(int file, void *to, size_t size)
{
    REAL(read, ssize_t, int, void *, size_t);
    CALL(ssize_t, read, LOOKS, file, NULL, file, to, size);
}

ssize_t write(int file, const void *from, size_t size)
{
    REAL(write, ssize_t, int, const void *, size_t);
    enum verdict what = verdict("write", WRITES, place(file, NULL, text));
    if (what == FAIL)
        return -1;
    ssize_t result = real(file, from, what == CUT && size ? 1 : size);
    if (what == DIE_AFTER)
        die();
    return result;
}

/* A descriptor is gone even when close fails. */
int close(int file)
{
    REAL(close, int, int);
    enum verdict what = verdict("close", LOOKS, place(file, NULL, text));
    int result = real(file);
    if (what == DIE_AFTER)
        die();
    if (what == FAIL) {
        errno = number;
        return -1;
    }
    return result;
}

DIR *opendir(const char *path)
{
    REAL(opendir, DIR *, const char *);
    return verdict("opendir", LOOKS, place(AT_FDCWD, path, text)) == FAIL ? NULL : real(path);
}

int unlink(const char *path)
{
    REAL(unlink, int, const char *);
    CALL(int, unlink, CHANGES, AT_FDCWD, path, path);
}

int unlinkat(int folder, const char *path, int flags)
{
    REAL(unlinkat, int, int, const char *, int);
    CALL(int, unlinkat, CHANGES, folder, path, folder, path, flags);
}

int rmdir(const char *path)
{
    REAL(rmdir, int, const char *);
    CALL(int, rmdir, CHANGES, AT_FDCWD, path, path);
}

int rename(const char *from, const char *to)
{
    REAL(rename, int, const char *, const char *);
    CALL(int, rename, CHANGES, AT_FDCWD, to, from, to);
}

int chmod(const char *path, mode_t bits)
{
    REAL(chmod, int, const char *, mode_t);
    CALL(int, chmod, CHANGES, AT_FDCWD, path, path, bits);
}

int fchmod(int file, mode_t bits)
{
    REAL(fchmod, int, int, mode_t);
    CALL(int, fchmod, CHANGES, file, NULL, file, bits);
}

int fchown(int file, uid_t owner, gid_t group)
{
    REAL(fchown, int, int, uid_t, gid_t);
    CALL(int, fchown, CHANGES, file, NULL, file, owner, group);
}

int mkdir(const char *path, mode_t bits)
{
    REAL(mkdir, int, const char *, mode_t);
    CALL(int, mkdir, GROWS, AT_FDCWD, path, path, bits);
}

int fsync(int file)
{
    REAL(fsync, int, int);
    CALL(int, fsync, GROWS, file, NULL, file);
}
