//go:build !linked

// A library that installs handlers of fatal signals, in some of the ways that there are. It
// is part of the program, or a shared library that the program is linked with or loads.
#define _GNU_SOURCE
#include "library.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "machine.h"

// X/Open's, which is in all C libraries but not in their headers.
extern void (*sysv_signal(int, void (*)(int)))(int) __attribute__((weak));

#pragma GCC diagnostic ignored "-Wdeprecated-declarations" // sigset and sigignore

typedef int (*sigaction_function)(int, const struct sigaction *, struct sigaction *);

static struct sigaction first[65], saved[65];

static void say(const char *text, int number) {
    char line[] = "library: TEXT.... signal 00\n";
    memcpy(line + 9, text, 8);
    line[25] = (char)('0' + number / 10);
    line[26] = (char)('0' + number % 10);
    if (write(2, line, sizeof line - 1) < 0) {
        _exit(1);
    }
}

// As glog's.
static void dies(int number, siginfo_t *info, void *context) {
    struct sigaction action;
    (void)info, (void)context;
    say("dies....", number);
    memset(&action, 0, sizeof action);
    sigaction(number, &action, NULL);
    raise(number);
}

static void forwards(int number, siginfo_t *info, void *context) {
    say("forwards", number);
    if ((saved[number].sa_flags & SA_SIGINFO) != 0) {
        saved[number].sa_sigaction(number, info, context);
    }
}

static void plain(int number) {
    say("plain...", number);
    signal(number, SIG_DFL);
    raise(number);
}

// As an emulator of system calls, or a debugger's: what trapped is done, and gives 77.
static void emulates(int number, siginfo_t *info, void *context) {
    (void)info;
    if (number == SIGTRAP) {
        machine_behind_trap(context);
    }
    machine_set_result(context, 77);
}

static volatile int counted;

static void counts(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    counted++;
}

// The kernel's action, as a library has it that makes the system call itself.
static int by_itself(int number, const struct sigaction *action, struct sigaction *old) {
    struct kernels {
        void (*handler)(int);
        unsigned long flags;
        void (*restorer)(void);
        unsigned long mask;
    } kernels, before;
    syscall(SYS_rt_sigaction, SIGCHLD, NULL, &kernels,
            8); // Go's: all have the same restorer, or none
    kernels.handler = action->sa_handler;
    kernels.flags = (unsigned)action->sa_flags | (kernels.flags & 0x04000000);
    kernels.mask = 0;
    int result = (int)syscall(SYS_rt_sigaction, number, &kernels, &before, 8);
    memset(old, 0, sizeof *old);
    old->sa_handler = before.handler;
    old->sa_flags = (int)(unsigned)before.flags;
    return result;
}

void library_begin(void) {
    for (int number = 1; number < 32; number++) {
        sigaction(number, NULL, &first[number]);
    }
}

static struct sigaction action_of(const char *what) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    if (strcmp(what, "dies") == 0) {
        action.sa_sigaction = dies;
        sigaddset(&action.sa_mask, SIGUSR1);
    } else if (strcmp(what, "emulates") == 0) {
        action.sa_sigaction = emulates;
    } else if (strcmp(what, "forwards") == 0) {
        action.sa_sigaction = forwards;
    } else if (strcmp(what, "counts") == 0 || strcmp(what, "restarts") == 0 ||
               strcmp(what, "once") == 0) {
        action.sa_sigaction = counts;
        action.sa_flags |= what[0] == 'r' ? SA_RESTART : what[0] == 'o' ? (int)SA_RESETHAND : 0;
    } else if (strcmp(what, "nostack") == 0) {
        action.sa_sigaction = forwards;
        action.sa_flags = SA_SIGINFO;
    } else {
        action.sa_flags = 0;
        action.sa_handler = strcmp(what, "default") == 0 ? SIG_DFL : strcmp(what, "ignored") == 0 ? SIG_IGN : plain;
    }
    return action;
}

int library_set(const char *how, const char *what, int number) {
    struct sigaction action = strcmp(what, "saved") == 0 ? saved[number] : action_of(what), old;
    memset(&old, 0, sizeof old);
    sigaction_function next = (sigaction_function)dlsym(RTLD_NEXT, "sigaction");
    int result = 0;
    if (strcmp(how, "sigaction") == 0) {
        result = sigaction(number, &action, &old);
    } else if (strcmp(how, "signal") == 0) {
        old.sa_handler = signal(number, action.sa_handler);
    } else if (strcmp(how, "sysv_signal") == 0) {
        old.sa_handler = sysv_signal(number, action.sa_handler);
    } else if (strcmp(how, "sigset") == 0) {
        old.sa_handler = sigset(number, action.sa_handler);
    } else if (strcmp(how, "sigignore") == 0) {
        result = sigignore(number);
    } else if (strcmp(how, "itself") == 0) {
        result = by_itself(number, &action, &old);
    } else if (strcmp(how, "raise") == 0) {
        return raise(number);
    } else if (strcmp(how, "next") == 0) {
        result = next(number, &action, &old);
    } else {
        return -1;
    }
    if (strcmp(what, "saved") != 0) {
        saved[number] = old;
    }
    return old.sa_handler == SIG_ERR ? -1 : result;
}

static const char *name_of(const struct sigaction *action, int number) {
    void (*handler)(int) = action->sa_handler;
    return handler == SIG_DFL                           ? "default"
           : handler == SIG_IGN                         ? "ignored"
           : handler == first[number].sa_handler        ? "first"
           : handler == (void (*)(int))(void *)dies     ? "dies"
           : handler == (void (*)(int))(void *)forwards ? "forwards"
           : handler == (void (*)(int))(void *)counts   ? "counts"
           : handler == plain                           ? "plain"
                                                        : "unknown";
}

void library_show(int number) {
    struct sigaction now;
    sigaction(number, NULL, &now);
    unsigned long mask;
    memcpy(&mask, &now.sa_mask, sizeof mask);
    printf("now %s, flags %#x, mask %#lx; saved %s\n", name_of(&now, number), (unsigned)now.sa_flags, mask,
           name_of(&saved[number], number));
    fflush(stdout);
}
