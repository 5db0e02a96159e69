// A child of fork that does not call exec.
#include "forked.h"
#include "hosts.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

int victim_fork(victim_function crash, bool shared) {
    int status;
    pid_t child = shared ? vfork() : fork();
    if (child == 0) {
        crash();
        _exit(EXIT_WENT_ON);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        return -1;
    }
    return status;
}

static volatile int *volatile first_page = (volatile int *)16;

static void *crash_soon(void *crash) {
    usleep(150 * 1000); // into the child's report
    victim_call((victim_function)crash);
    return NULL;
}

int victim_fork_both(victim_function crash) {
    pthread_t thread;
    int status;
    if (pthread_create(&thread, NULL, crash_soon, (void *)crash) != 0) {
        return -1;
    }
    pid_t child = vfork();
    if (child == 0) {
        *first_page = 1;
        _exit(EXIT_WENT_ON);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        return -1;
    }
    pthread_join(thread, NULL);
    return status;
}

static volatile sig_atomic_t alarms;
static void on_alarm(int signal) {
    (void)signal;
    alarms++;
}

static int after_crash(victim_function crash, bool jumps) {
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART}, now;
    struct itimerval timer = {.it_value = {.tv_sec = 100}, .it_interval = {.tv_sec = 50}};
    int lost = ALARM_KEPT;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
    if (jumps) {
        host_guarded(crash);
    } else {
        *host_page() = 1;
    }
    getitimer(ITIMER_REAL, &timer);
    if (timer.it_value.tv_sec < 90 || timer.it_value.tv_sec >= 100 || timer.it_interval.tv_sec != 50) {
        lost |= ALARM_LOST;
    }
    sigaction(SIGALRM, NULL, &now);
    if (now.sa_handler != on_alarm) {
        lost |= ALARM_NOT_ITS_HANDLER;
    }
    alarm(1);
    for (int i = 0; i < 20 && alarms == 0; i++) {
        usleep(100 * 1000);
    }
    return alarms == 1 ? lost : lost | ALARM_DID_NOT_COME;
}

int victim_fork_alarm(victim_function crash, bool jumps) {
    int status;
    pid_t child = fork();
    if (child == 0) {
        _exit(after_crash(crash, jumps));
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        return -1;
    }
    return status;
}

#define WIPE_ON_FORK 18

bool victim_old_kernel(void) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, WIPE_ON_FORK, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0 &&
           madvise(host_page(), 4096, WIPE_ON_FORK) != 0;
}
