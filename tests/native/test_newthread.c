/* What becomes of a fault signal that is sent to a thread that is only just being created, by a
 * creator that takes it for blocked. */
#include "check.h"
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
    sigtimedwait(&set, NULL, &soon);
}

/* pthread_kill of its creator: it is for the thread, and stays so. */
static void *killed(void *unused)
{
    CHECK(passes(SI_TKILL), "a signal for the new thread is a crash");
    CHECK(is_pending(SIGSEGV), "it is lost");
    CHECK((epi_sigmask_exchange(SIG_BLOCK, 0) & segv) != 0, "it is open");
    epi_newthread_correct(segv);
    CHECK((epi_sigmask_exchange(SIG_BLOCK, 0) & segv) != 0, "a right guess is corrected");
    consume();
    return unused;
}

/* Another thread with the mask of one that is being created takes nothing for blocked. */
static void *mistaken(void *unused)
{
    CHECK(passes(SI_TKILL), "not taken for the other");
    consume();
    epi_newthread_correct(0);
    CHECK((epi_sigmask_exchange(SIG_BLOCK, 0) & segv) == 0, "SIGSEGV is blocked for good");
    return unused;
}

static void run(void *(*start)(void *))
{
    pthread_t thread;
    int number = epi_newthread_expect(segv);
    CHECK(number != EPI_NOT_EXPECTED, "no place");
    CHECK(pthread_create(&thread, NULL, start, NULL) == 0, "no thread");
    pthread_join(thread, NULL);
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
    CHECK(!passes(SI_TKILL), "a creation is left");
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

int main(void)
{
    run(killed);
    run(mistaken);
    test_fork();
    test_waited();
    return check_result();
}
