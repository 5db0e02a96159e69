// host: calls what the archive defines, too. With an argument it has a fault then. With EARLY in its
// environment a handler that is older than Go's runtime goes on behind the fault.
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern void ArchiveNothing(void);

static void handler(int signal) { (void)signal; }

static sigjmp_buf behind;

static void jumps(int signal) { siglongjmp(behind, signal); }

__attribute__((constructor(200))) static void early(void) {
    struct sigaction action = {.sa_handler = jumps};
    if (getenv("EARLY") != NULL) {
        sigaction(SIGSEGV, &action, NULL);
    }
}

static void *thread(void *arg) {
    *(int *)arg += 1;
    return NULL;
}

int main(int count, char **arguments) {
    struct sigaction action = {.sa_handler = handler}, set;
    sigset_t some, now;
    pthread_t made;
    int threads = 0;
    (void)arguments;
    ArchiveNothing();
    if (pthread_create(&made, NULL, thread, &threads) != 0 || pthread_join(made, NULL) != 0) {
        return 1;
    }
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR1, NULL, &set);
    sigemptyset(&some);
    sigaddset(&some, SIGSEGV);
    sigaddset(&some, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &some, NULL);
    pthread_sigmask(SIG_BLOCK, NULL, &now);
    printf("threads %d, handler %d, blocked %d %d\n", threads, set.sa_handler == handler, sigismember(&now, SIGSEGV),
           sigismember(&now, SIGUSR2));
    fflush(stdout);
    if (write(STDERR_FILENO, "", 0) != 0) {
        return 1;
    }
    pthread_sigmask(SIG_UNBLOCK, &some, NULL);
    if (count > 1 && sigsetjmp(behind, 1) == 0) {
        *(volatile int *)8 = 1;
    }
    _exit(3);
}
