#define _GNU_SOURCE
#include "crash.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine.h"

static volatile int *volatile nowhere = (volatile int *)8;

struct library library = {library_begin, library_set, library_show};

int load_library(const char *path) {
    void *handle = dlopen(path, RTLD_NOW);
    if (handle == NULL) {
        fprintf(stderr, "victim: %s\n", dlerror());
        return -1;
    }
    library.begin = (void (*)(void))dlsym(handle, "library_begin");
    library.set = (int (*)(const char *, const char *, int))dlsym(handle, "library_set");
    library.show = (void (*)(int))dlsym(handle, "library_show");
    return library.begin != NULL && library.set != NULL && library.show != NULL ? 0 : -1;
}

void crash(const char *kind) {
    volatile int zero = 0, seven = 7;
    if (strcmp(kind, "null") == 0) {
        *nowhere = 1;
    } else if (strcmp(kind, "abort") == 0) {
        abort();
    } else if (strcmp(kind, "div") == 0) {
        seven = seven / zero;
    } else if (strcmp(kind, "ud2") == 0) {
        __asm__ volatile(MACHINE_UNDEFINED);
    } else if (strcmp(kind, "raise") == 0) {
        raise(SIGSEGV);
    } else if (strcmp(kind, "kill") == 0) {
        kill(getpid(), SIGABRT);
        sleep(10); // the kernel may give it to another thread
    }
}

// How a child ends that sets all signals to the default first, as those that start other
// programs do.
int child_ends(const char *way)
{
    int status = -1;
    char *const arguments[] = {"sh", "-c", "kill -ABRT $$", NULL}, *const none[] = {NULL};
    pid_t child = strcmp(way, "vfork") == 0 ? vfork() : fork();
    if (child == 0) {
        for (int number = 1; number < 32; number++) {
            signal(number, SIG_DFL);
        }
        if (strcmp(way, "fork") == 0) {
            abort();
        }
        execve("/bin/sh", arguments, none);
        _exit(1);
    }
    waitpid(child, &status, 0);
    return status;
}

static int trap_getppid(void) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof code[0], code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

long traps(int number) {
    long sum = 0;
    if (number == SIGSYS && !trap_getppid()) {
        return -1;
    }
    for (int i = 0; i < 100; i++) {
        long result = 0;
        if (number == SIGSYS) {
            result = syscall(SYS_getppid);
        } else {
            result = machine_trap();
        }
        sum += result;
    }
    return sum;
}

static int ends[2];
static volatile int read_done;

static void *reads(void *unused)
{
    char byte;
    errno = 0;
    long n = read(ends[0], &byte, 1);
    printf("read %ld, error %d\n", n, errno);
    fflush(stdout);
    read_done = 1;
    return unused;
}

// A thread reads from an empty pipe, and gets the signal again and again, until it has been
// interrupted, or has had enough of them.
void interrupt_read(int number)
{
    pthread_t thread;
    read_done = 0;
    if (pipe(ends) != 0 || pthread_create(&thread, NULL, reads, NULL) != 0) {
        _exit(1);
    }
    for (int i = 0; i < 50 && !read_done; i++) {
        usleep(10000);
        if (!read_done) {
            pthread_kill(thread, number);
        }
    }
    if (write(ends[1], "", 1) == 1) {
        pthread_join(thread, NULL);
    }
}

// What a child of fork sees of the action, and puts back.
void child_shows(int number, const char *then)
{
    pid_t child = fork();
    if (child == 0) {
        library.show(number);
        library.set("sigaction", "counts", number);
        library.show(number);
        library.set("sigaction", "saved", number);
        library.show(number);
        library.set("sigaction", "default", number);
        library.show(number);
        library.set("sigaction", "saved", number);
        crash(then);
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

static void *body(void *kind) {
    crash(kind);
    return NULL;
}

void crash_on_thread(const char *kind) {
    pthread_t thread;
    pthread_create(&thread, NULL, body, (void *)kind);
    pthread_join(thread, NULL);
}

void library_do_begin(void) { library.begin(); }
int library_do_set(const char *how, const char *what, int number) { return library.set(how, what, number); }
void library_do_show(int number) { library.show(number); }
