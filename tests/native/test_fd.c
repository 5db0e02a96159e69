/* The core's descriptors beside those of the program: its record locks, its numbers, its
 * pipes whose readers wait for the end. */
#include "check.h"
#include "fd.h"
#include "maps.h"
#include "output.h"
#include "tasks.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[] = "test_fd-XXXXXX";

static int open_again(int flags)
{
    int fd = open(path, O_RDWR | flags);
    if (fd < 0)
        abort();
    return fd;
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

/* What another process sees of the program's lock. */
static bool locked(void)
{
    pid_t child = fork();
    if (child == 0) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
        _exit(fcntl(open_again(0), F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
        abort();
    return WEXITSTATUS(status) == 1;
}

static void locks(void)
{
    int fd = open_again(0);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    CHECK(fcntl(fd, F_SETLK, &lock) == 0 && locked(), "no lock to begin with");
    struct epi_fd first = epi_output_open(fd), second = epi_output_open(fd);
    CHECK(first.fd > 2 && first.fd != fd && second.fd == first.fd, "%d and %d", first.fd,
          second.fd);
    int kept = first.fd;
    epi_output_close(&first);
    CHECK(first.fd == -1 && is_open(kept) && locked(), "with one user left");
    epi_output_close(&second);
    CHECK(locked(), "without a user");
    for (int i = 0; i < 100; i++) {
        first = epi_output_open(fd);
        CHECK(first.fd == kept, "%d, not %d", first.fd, kept);
        epi_output_close(&first);
    }
    CHECK(locked(), "after a hundred");

    /* Another open of the same file has another position. */
    int other = open_again(O_APPEND);
    second = epi_output_open(other);
    CHECK(second.fd >= 0 && second.fd != kept, "the same for another open file");
    epi_output_close(&second);
    CHECK(locked(), "after another open of the file");
    close(other); /* the program's own close drops it */
    CHECK(!locked(), "the test sees nothing");

    /* Without a name it cannot be locked, and its room on the disk is wanted back. */
    unlink(path);
    first = epi_output_open(fd);
    CHECK(first.fd >= 0 && !(first.fd != kept && is_open(kept)), "%d", first.fd);
    kept = first.fd;
    epi_output_close(&first);
    CHECK(!is_open(kept), "an unlinked file stays open");
    close(fd);
}

static void ends_of_pipes(void)
{
    int pair[2];
    char byte;
    if (pipe2(pair, O_CLOEXEC | O_NONBLOCK) != 0)
        abort();
    struct epi_fd first = epi_output_open(pair[1]), second = epi_output_open(pair[1]);
    close(pair[1]);
    epi_output_close(&first);
    CHECK(read(pair[0], &byte, 1) == -1 && errno == EAGAIN, "the end came too early");
    epi_output_close(&second);
    CHECK(read(pair[0], &byte, 1) == 0, "the reader waits for ever");
    close(pair[0]);
    first = epi_output_open(-1);
    CHECK(first.fd == -1 && errno == EBADF, "errno %d", errno);
}

/* The program has closed the core's descriptor, and got its number for the same file. */
static void reused(void)
{
    int fd = open("/dev/null", O_WRONLY);
    struct epi_fd output = epi_output_open(fd);
    int number = output.fd;
    close(number);
    CHECK(dup2(fd, number) == number, "no second one");
    epi_output_close(&output);
    CHECK(is_open(number), "the program's descriptor was closed");
    close(number);
    output = epi_output_open(fd);
    CHECK(output.fd >= 0 && epi_fd_valid(&output), "what is gone was used");
    epi_output_close(&output);
    close(fd);
}

/* A filter that does not know kcmp, as a container's. */
static void without_kcmp(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_kcmp, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {.len = sizeof code / sizeof code[0], .filter = code};
    pid_t child = fork();
    if (child == 0) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
            prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
            _exit(2);
        int a = open_again(O_APPEND), b = open_again(0);
        if (write(a, "x", 1) != 1)
            _exit(3);
        struct epi_fd first = epi_output_open(a), second = epi_output_open(a),
                      other = epi_output_open(b);
        _exit(first.fd != second.fd || first.fd == other.fd);
    }
    int status = -1;
    waitpid(child, &status, 0);
    CHECK(status == 0, "status %#x", status);
}

static void low_numbers(void)
{
    static struct epi_maps maps;
    struct epi_tasks tasks;
    char listing[1024];
    fflush(stdout);
    int standard[3];
    for (int i = 0; i < 3; i++) {
        standard[i] = fcntl(i, F_DUPFD, 10);
        close(i);
    }
    long fd = epi_fd_open(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0);
    int flags = fcntl((int)fd, F_GETFD);
    int error = epi_tasks_open(&tasks, listing, sizeof listing);
    bool mapped = epi_maps_open(&maps);
    bool taken = is_open(0) || is_open(1) || is_open(2);
    struct epi_task_stat stat;
    bool told = epi_task_stat(&tasks, getpid(), &stat);
    epi_tasks_close(&tasks);
    epi_maps_close(&maps);
    for (int i = 0; i < 3; i++) {
        dup2(standard[i], i);
        close(standard[i]);
    }
    CHECK(fd > 2 && flags == FD_CLOEXEC && error == 0 && mapped && told, "%ld, %d, %d", fd, flags,
          error);
    CHECK(!taken, "a number that the program counts on was taken");
    close((int)fd);
    CHECK(epi_fd_open(AT_FDCWD, "/nowhere", O_RDONLY, 0) == -ENOENT, "an error is lost");
}

int main(void)
{
    int fd = mkstemp(path);
    if (fd < 0)
        abort();
    close(fd);
    without_kcmp();
    locks();
    ends_of_pipes();
    reused();
    low_numbers();
    return check_result();
}
