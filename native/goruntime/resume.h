/* Go, once more, after it has died: in the process itself, for its crash hook, where the
 * program asks for that (handler.WithOnCrashResume).
 *
 * An unrecovered panic freezes the world for the time in which Go prints
 * (runtime/proc.go, freezetheworld), and nothing thaws it, since the process is
 * about to end.  But little is done by that: three variables keep the scheduler
 * from starting anything.  When they are put back, what was preempted goes on, and
 * the goroutine that died can be made to, as in forkcopy.h: it has a P, for the last
 * act to run on.
 *
 * Other variables see to it that the end stays the one that it was.  The runtime's lock
 * for those who die is held: another goroutine's panic waits there, before it prints.
 * And os.Exit, and main when it returns, wait as they would for the hooks of another
 * exit (internal/runtime/exithook).  The count of the threads that die goes back to 0,
 * or no collection would begin any more: a program that allocates a gigabyte a second
 * would die of that.
 *
 * The Ps whose threads have met the frozen world are nowhere to be found, and whoever
 * asks all of them for something waits in vain: a collection that was under way, at its
 * end.  They are marked, and the goroutine that died hands them off first of all
 * (revive.Frozen.RecoverPs).
 * What is lost for good is a goroutine that came back from a system call or from C in
 * the meantime.  Whatever waits for it waits until the deadline, and the helper ends
 * the process. */
#ifndef EPI_RESUME_H
#define EPI_RESUME_H

#include "../base/base.h"

#include <ucontext.h>

/* Addresses in Go's runtime; revive.Frozen says what each of them is. */
struct epi_frozen {
    uintptr_t freezing, gc_waiting, stop_wait;
    uintptr_t stop_note, sched_lock, ps, p_m;
    uintptr_t panicking, panic_lock;
    uintptr_t exit_locked, exit_wait;
};

struct epi_resume {
    struct epi_frozen go;
    uintptr_t exit_function; /* of Go's, a func(), that takes the place of exit_wait's */
    uintptr_t entry;         /* of Go's (ABI0): where the goroutine goes on; 0: nowhere */
    _Atomic bool stop_pending; /* for epi_resume_help */
};

/* Once, for a healthy process. */
void epi_resume_prepare(const struct epi_frozen *go, uintptr_t entry, uintptr_t exit_function);

/* Is there a crash hook for which the process is to go on, and is it known how? */
EPI_SAFE bool epi_resume_wanted(void);

struct epi_incident;

/* After the report on a panic or fatal error: if there is a crash hook and the goroutine in UC
 * can go on, it does, and this does not return.  The process then dies of SIGABRT if
 * ABORT is set. */
EPI_SAFE void epi_resume_go_on(struct epi_incident *incident, ucontext_t *uc, bool abort);

/* Has the crash hook after it finished?  The process then ends as it would have. */
EPI_SAFE bool epi_resume_over(const struct epi_incident *incident);

/* For the helper, in short intervals while stop_pending is set: ends the wait of who was
 * about to stop the world when it froze. */
EPI_SAFE void epi_resume_help(void);

#endif
