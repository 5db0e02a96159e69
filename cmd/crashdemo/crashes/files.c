//go:build linux && cgo

// Files: a mapping without a file behind it, and no descriptor left.
#include "crash.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

// By its number, because older C libraries have no function for it. The 1 is MFD_CLOEXEC.
int crash_memory_file(const char *name) {
    return (int)syscall(SYS_memfd_create, name, 1U);
}

// As when another program truncates a file that this one has mapped. A memory file leaves nothing behind on the disk.
CRASH_FN void crash_bus(void) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    int fd = crash_memory_file("crashdemo-data");
    if (fd < 0 || ftruncate(fd, (off_t)page) != 0) {
        crash_unavailable("no memory file to map");
    }
    volatile char *p = mmap(NULL, 2 * page, PROT_READ, MAP_SHARED, fd, 0);
    if ((void *)p == MAP_FAILED) {
        crash_unavailable("the memory file cannot be mapped");
    }
    crash_sink = p[page + 16];
}

// A reporter that has to open something now gets EMFILE.
CRASH_FN void crash_no_fds(void) {
    struct rlimit limit;
    // The default limit may be a million: a small one is reached sooner, and descriptors above it stay open.
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > 256) {
        limit.rlim_cur = 256;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0) {
    }
    volatile int *p = crash_hide(NULL);
    *p = 1;
}
