/* Calls of this program that end the process (-Wl,-wrap, as signals/wrap.c).  A host's handler
 * that was asked about a fault gives up by one of them, without a signal that the core gets:
 * then the fault is reported first.  Others wait while a crash is reported (leave.h); what
 * exit calls waits by itself.  What does the system call itself, or in a shared library, is not
 * seen: the handlers of those go first only if they are known to resolve faults
 * (signals/hosts.h). */
#include "askend.h"
#include "leave.h"
#include "../base/base.h"
#include "../base/system.h"
#include "../unwind/gostack.h"
#include "../unwind/program.h"
#include "../incident/process.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#ifndef EPI_NOWRAP

_Noreturn void __real_exit(int status);
_Noreturn void __wrap_exit(int status);
_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);
_Noreturn void __real__Exit(int status);
_Noreturn void __wrap__Exit(int status);
_Noreturn void __real_quick_exit(int status);
_Noreturn void __wrap_quick_exit(int status);

_Noreturn void __wrap_exit(int status)
{
    epi_host_ends_process("has called exit");
    __real_exit(status);
}

_Noreturn void __wrap__exit(int status)
{
    epi_host_ends_process("has called _exit");
    epi_leave_wait(EPI_MARK_EXIT_NOW, status);
    __real__exit(status);
}

_Noreturn void __wrap__Exit(int status)
{
    epi_host_ends_process("has called _Exit");
    epi_leave_wait(EPI_MARK_EXIT_NOW, status);
    __real__Exit(status);
}

_Noreturn void __wrap_quick_exit(int status)
{
    epi_host_ends_process("has called quick_exit");
    __real_quick_exit(status);
}

#define LAST_STANDARD 31 /* the real-time signals begin behind it */

/*
 * SIGKILL, or one that it has set back to the default.  The fatal signals come to the core.
 * Not inlined: with its local in the frame of __wrap_kill clang makes no tail call there, and
 * the stack, and the sentence, of who sends itself a signal begins with __wrap_kill.
 */
static EPI_NOINLINE bool ends(pid_t pid, int number)
{
    struct epi_sigaction now;
    bool here = pid == 0 || pid == -1 || pid == epi_getpid() || pid == -getpgrp();
    bool stops = number == SIGSTOP || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
    if (number < 1 || number > LAST_STANDARD || !here || stops)
        return false;
    return number == SIGKILL ||
           (number != SIGCHLD && number != SIGCONT && number != SIGURG && number != SIGWINCH &&
            epi_sigaction(number, NULL, &now) && now.handler == (uintptr_t)SIG_DFL);
}

int __real_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number);

int __wrap_kill(pid_t pid, int number)
{
    if (ends(pid, number))
        epi_host_ends_process("has called kill");
    return __real_kill(pid, number);
}

int __real_execv(const char *path, char *const arguments[]);
int __wrap_execv(const char *path, char *const arguments[]);
int __real_execvp(const char *path, char *const arguments[]);
int __wrap_execvp(const char *path, char *const arguments[]);
int __real_execve(const char *path, char *const arguments[], char *const environment[]);
int __wrap_execve(const char *path, char *const arguments[], char *const environment[]);

/* The helper reminds the owner of a crash by a signal, which, pending when the new program
 * starts, would kill that. */
static void before_exec(const char *answer)
{
    struct epi_incident *crash = &epi_process()->crash;
    epi_host_ends_process(answer);
    if (crash->owner == epi_self())
        crash->stage_deadline = UINT64_MAX / 2; /* the deadline of the whole still holds */
}

int __wrap_execv(const char *path, char *const arguments[])
{
    before_exec("has called execv");
    return __real_execv(path, arguments);
}

int __wrap_execvp(const char *path, char *const arguments[])
{
    before_exec("has called execvp");
    return __real_execvp(path, arguments);
}

int __wrap_execve(const char *path, char *const arguments[], char *const environment[])
{
    before_exec("has called execve");
    return __real_execve(path, arguments, environment);
}

/* Go's function that every call of a Go function from C begins with (runtime/cgo,
 * gcc_libinit.c).  From a signal handler on a Go thread such a call ends the process: it is
 * none that Go has made a way for (runtime/cgocall.go, cgocallbackg). */
void *__real__cgo_wait_runtime_init_done(void) __attribute__((weak));
void *__wrap__cgo_wait_runtime_init_done(void);

void *__wrap__cgo_wait_runtime_init_done(void)
{
    if (epi_process()->asked_watched && epi_go_g(epi_program.go) != 0)
        epi_host_ends_process("has called Go");
    return __real__cgo_wait_runtime_init_done();
}

#endif
