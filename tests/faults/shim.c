// Preloaded into a command: counts its calls that change files below a folder, and at the k-th one
// kills the process, sends it a signal, or lets that call (or all from then on) fail.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { OFF, COUNT, KILL, SIGNAL, FAIL_ONCE, FAIL_ON };
enum { WRITE, SYNC, TRUNCATE, RENAME, LINK, UNLINK, MKDIR, RMDIR, CREATE, ALLOCATE };
static const char *const NAMES[] = {"write", "sync",  "truncate", "rename", "link",
                                    "unlink", "mkdir", "rmdir",    "create", "allocate"};

static char folder[PATH_MAX];
static int mode = OFF, number = 0, log_file = -1;
static long chosen = 0;
static atomic_long calls;

void faults_arm(const char *below, int what, int signal_or_error, long call, const char *log) {
    strncpy(folder, below, sizeof folder - 1);
    mode = what;
    number = signal_or_error;
    chosen = call;
    atomic_store(&calls, 0);
    if (*log)
        log_file = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644);
}

long faults_calls(void) { return atomic_load(&calls); }

// Whether a full disk lets such a call fail.
static int needs_room(int kind) {
    return kind != SYNC && kind != TRUNCATE && kind != RENAME && kind != UNLINK && kind != RMDIR;
}

static int must_fail(int kind, const char *path) {
    if (mode == OFF || !path || strncmp(path, folder, strlen(folder)) != 0)
        return 0;
    long call = atomic_fetch_add(&calls, 1) + 1;
    if (log_file >= 0) {
        char line[PATH_MAX + 64];
        int size = snprintf(line, sizeof line, "%ld %s %s\n", call, NAMES[kind], path);
        syscall(SYS_write, log_file, line, size);
    }
    if (mode == KILL && call == chosen)
        syscall(SYS_kill, getpid(), SIGKILL);
    if (mode == SIGNAL && call == chosen)
        syscall(SYS_kill, getpid(), number);
    if ((mode == FAIL_ONCE && call == chosen) || (mode == FAIL_ON && call >= chosen)) {
        if ((number == ENOSPC || number == EDQUOT) && !needs_room(kind))
            return 0;
        errno = number;
        return 1;
    }
    return 0;
}

static int file_must_fail(int kind, int file) {
    char link[64], path[PATH_MAX];
    if (mode == OFF || file <= 2)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size < 0)
        return 0;
    path[size] = 0;
    return must_fail(kind, path);
}

// A path below an open folder, as shutil.rmtree names it.
static int entry_must_fail(int kind, int at, const char *path) {
    char link[64], full[2 * PATH_MAX];
    if (mode == OFF || !path)
        return 0;
    if (*path == '/' || at == AT_FDCWD)
        return must_fail(kind, path);
    snprintf(link, sizeof link, "/proc/self/fd/%d", at);
    ssize_t size = readlink(link, full, PATH_MAX - 1);
    if (size < 0)
        return 0;
    snprintf(full + size, sizeof full - size, "/%s", path);
    return must_fail(kind, full);
}

#define REAL(name) static __typeof__(&name) real; if (!real) real = dlsym(RTLD_NEXT, #name)
#define ON_FILE(kind, name, parameters, arguments) \
    name parameters { REAL(name); return file_must_fail(kind, file) ? -1 : real arguments; }
#define ON_PATH(kind, name, parameters, arguments) \
    int name parameters { REAL(name); return must_fail(kind, path) ? -1 : real arguments; }
#define ON_ENTRY(kind, name, parameters, arguments) \
    int name parameters { REAL(name); return entry_must_fail(kind, at, path) ? -1 : real arguments; }

ssize_t ON_FILE(WRITE, write, (int file, const void *b, size_t n), (file, b, n))
ssize_t ON_FILE(WRITE, pwrite, (int file, const void *b, size_t n, off_t o), (file, b, n, o))
ssize_t ON_FILE(WRITE, pwrite64, (int file, const void *b, size_t n, off64_t o), (file, b, n, o))
ssize_t ON_FILE(WRITE, writev, (int file, const struct iovec *v, int n), (file, v, n))
int ON_FILE(SYNC, fsync, (int file), (file))
int ON_FILE(SYNC, fdatasync, (int file), (file))
int ON_FILE(TRUNCATE, ftruncate, (int file, off_t n), (file, n))
int ON_FILE(TRUNCATE, ftruncate64, (int file, off64_t n), (file, n))
int ON_FILE(ALLOCATE, fallocate, (int file, int m, off_t o, off_t n), (file, m, o, n))
int ON_FILE(ALLOCATE, fallocate64, (int file, int m, off64_t o, off64_t n), (file, m, o, n))
ON_PATH(RENAME, rename, (const char *path, const char *to), (path, to))
ON_PATH(LINK, link, (const char *path, const char *to), (path, to))
ON_PATH(UNLINK, unlink, (const char *path), (path))
ON_PATH(UNLINK, remove, (const char *path), (path))
ON_PATH(MKDIR, mkdir, (const char *path, mode_t m), (path, m))
ON_PATH(RMDIR, rmdir, (const char *path), (path))
ON_ENTRY(RENAME, renameat, (int at, const char *path, int b, const char *to), (at, path, b, to))
ON_ENTRY(LINK, linkat, (int at, const char *path, int b, const char *to, int f),
         (at, path, b, to, f))
ON_ENTRY(UNLINK, unlinkat, (int at, const char *path, int flags), (at, path, flags))

#define OPENER(name) \
    int name(const char *path, int flags, ...) { \
        REAL(name); \
        mode_t m = 0; \
        if (flags & (O_CREAT | O_TMPFILE)) { \
            va_list rest; \
            va_start(rest, flags); \
            m = va_arg(rest, mode_t); \
            va_end(rest); \
        } \
        if ((flags & O_CREAT) && must_fail(CREATE, path)) \
            return -1; \
        return real(path, flags, m); \
    }
OPENER(open)
OPENER(open64)
