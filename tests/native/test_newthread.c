/* What becomes of a fault signal that is sent to a thread that is only just being created, by a
 * creator that takes it for blocked. */
#include "check.h"
#include "masks.h"
#include "newthread.h"
#include "resend.h"
#include "system.h"

#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PLACES = 16 };

static const uint64_t segv = UINT64_C(1) << (SIGSEGV - 1);

static bool is_pending(int signal)
{
    sigset_t set;
    sigpending(&set);
    return sigismember(&set, signal);
}

/* Is the calling thread taken for one that is being created, when SIGSEGV comes with CODE? */
static bool passes(int code)
{
    siginfo_t info;
    ucontext_t uc;
    memset(&info, 0, sizeof info);
    memset(&uc, 0, sizeof uc);
    info.si_signo = SIGSEGV;
    info.si_code = code;
    info.si_pid = 1;
    *(uint64_t *)(void *)&uc.uc_sigmask = epi_sigmask_exchange(SIG_BLOCK, 0);
    return epi_newthread_passes(SIGSEGV, &info, &uc);
}

/* What is pending, so that it may be opened. */
static void consume(void)
{
    struct timespec soon = {5, 0};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGSEGV);
    CHECK(sigtimedwait(&set, NULL, &soon) == SIGSEGV, "it is lost");
}

/* The first thread blocks SIGSEGV behind this, so that one for the process stays pending. */
static pthread_barrier_t created;

static bool is_blocked(void)
{
    return (epi_sigmask_exchange(SIG_BLOCK, 0) & segv) != 0;
}

/* One whose creator takes SIGSEGV for blocked. */
static void *right(void *number)
{
    pthread_barrier_wait(&created);
    CHECK(!passes(SI_TKILL), "an older thread's raise comes back from it");
    CHECK(!is_blocked(), "it is blocked all the same");
    CHECK(passes(SI_QUEUE), "a signal for the process is a crash");
    CHECK(is_pending(SIGSEGV) && is_blocked(), "it is lost");
    epi_mask_begin(segv);
    epi_newthread_begins(*(int *)number, false);
    epi_newthread_correct(segv);
    CHECK(!passes(SI_QUEUE), "a thread that has begun is taken for a new one");
    consume();
    return NULL;
}

static volatile sig_atomic_t handled;

static void count(int signal)
{
    (void)signal;
    handled++;
}

/* Another one, which has the same mask, and whose creator takes nothing for blocked. */
static void *mistaken(void *number)
{
    sigset_t mask;
    pthread_barrier_wait(&created);
    CHECK(passes(SI_QUEUE), "not taken for the other");
    epi_mask_begin(0);
    epi_newthread_begins(EPI_NOT_EXPECTED, false);
    epi_newthread_correct(0);
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    CHECK(!is_blocked() && !sigismember(&mask, SIGSEGV), "SIGSEGV is blocked for good");
    CHECK(handled == 1, "the signal has come %d times", (int)handled);
    return number;
}

static void run(void *(*start)(void *))
{
    pthread_t thread;
    int number = epi_newthread_expect(segv);
    CHECK(number != EPI_NOT_EXPECTED, "no place");
    CHECK(pthread_create(&thread, NULL, start, &number) == 0, "no thread");
    epi_sigmask(SIG_BLOCK, segv);
    pthread_barrier_wait(&created);
    pthread_join(thread, NULL);
    epi_sigmask(SIG_UNBLOCK, segv);
    epi_newthread_forget(number);
}

/* A child of fork has copies of the places that creations of its parent's have taken: nobody in
 * it gives them back. */
static void test_fork(void)
{
    int taken[PLACES], status = 0;
    for (int i = 0; i < PLACES; i++)
        taken[i] = epi_newthread_expect(segv);
    CHECK(epi_newthread_expect(segv) == EPI_NOT_EXPECTED, "more than %d places", PLACES);
    pid_t child = fork();
    if (child == 0) {
        int places = 0;
        while (places <= PLACES && epi_newthread_expect(segv) != EPI_NOT_EXPECTED)
            places++;
        _exit(places);
    }
    waitpid(child, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == PLACES, "places in a child: status %#x",
          (unsigned)status);
    for (int i = 0; i < PLACES; i++)
        epi_newthread_forget(taken[i]);
    CHECK(!passes(SI_QUEUE), "a creation is left");
}

/* Another thread than the first cannot send a signal in another's name: who waits for it is
 * told all the same. */
static void *resends(void *unused)
{
    siginfo_t info;
    memset(&info, 0, sizeof info);
    info.si_signo = SIGSEGV;
    info.si_code = SI_USER;
    info.si_pid = 1;
    epi_resend(SIGSEGV, &info);
    return unused;
}

static void test_waited(void)
{
    sigset_t set;
    siginfo_t info;
    pthread_t thread;
    sigemptyset(&set);
    sigaddset(&set, SIGSEGV);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    CHECK(pthread_create(&thread, NULL, resends, NULL) == 0, "no thread");
    pthread_join(thread, NULL);
    int signal = sigwaitinfo(&set, &info); /* that of masks_wrap.c */
    CHECK(signal == SIGSEGV && info.si_pid == 1 && info.si_code == SI_USER,
          "signal %d of process %d, %d", signal, info.si_pid, info.si_code);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* What nobody asks the sender of has none that a later signal could get. */
static void test_unasked(void)
{
    siginfo_t info;
    sigset_t set;
    int signal = 0;
    pthread_t thread;
    sigemptyset(&set);
    sigaddset(&set, SIGSEGV);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    CHECK(pthread_create(&thread, NULL, resends, NULL) == 0, "no thread");
    pthread_join(thread, NULL);
    CHECK(sigwait(&set, &signal) == 0 && signal == SIGSEGV, "signal %d", signal);
    CHECK(kill(getpid(), SIGSEGV) == 0 && sigwaitinfo(&set, &info) == SIGSEGV, "none of our own");
    CHECK(info.si_pid == getpid(), "our own signal is process %d's", info.si_pid);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

int main(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = count;
    sigaction(SIGSEGV, &action, NULL);
    pthread_barrier_init(&created, NULL, 2);
    run(right);
    run(mistaken);
    test_fork();
    test_waited();
    test_unasked();
    return check_result();
}
