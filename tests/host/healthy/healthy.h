// What a healthy program does around its handlers of signals.
#ifndef HEALTHY_H
#define HEALTHY_H

// Each says on standard output what has become of it.

// A thread whose handler of SIGSEGV jumps out, and that computes for SECONDS then; or
// sleeps, with all signals blocked but those of faults; or reads from a pipe, to which
// another thread writes a second later.
void computes_after(double seconds);
void sleeps_after(double seconds);
void reads_after(void);
void computes_and_reads_after(void);

// One that computes then, until a signal comes whose handler ends the process.
void ends_after(void);

// A handler of SIGFPE, or of SIGUSR2, that is left by plain longjmp: the thread's mask then.
void install_divide(void);
void divides(void);
void install_prompt(void);
void prompts(void);

// A thread that blocks SIGSEGV and SIGBUS, and runs code without rules on a stack that ends in
// a page without access.
void start_coroutine(void);

// A read that the handler of SIGUSR2 ends, since it has no SA_RESTART.
void start_reader(void);
void end_reader(void);

// One that has jumped out, and puts the default action of SIGABRT back at once.
void resets_after(void);

// A handler that computes for longer than any deadline with all signals blocked, and repairs
// the memory in the end.
void install_late(void);
void writes(void);

// A handler that says whether SIGUSR1 is blocked, and jumps out; and one past libc that blocks
// all signals, and hands on.
void install_asking(void);
void install_blocking_front(void);

// A thread from before Enable that jumps out of a fault on a coroutine's stack, unmaps that, and
// sets the default action of SIGABRT.
void start_coroutine_that_ends(void);
void end_coroutine(void);

// A thread that sets handlers, while Epitaph is enabled and disabled: how many are not there
// afterwards.
void start_setter(void);
void end_setter(void);

// A handler past libc that hands on; a thread that blocks SIGSEGV; a fault that is resolved.
void install_jump(void);
void install_front(void);
int front_is_there(void);
void start_blocked(void);
void faults(void);

// Another thread sends signals to one whose handler of a fault blocks them, and repairs the memory,
// or jumps out.
void sent_while_it_is_asked(int jump);

// A handler that puts another instruction, or another divisor, where the fault was, time after time.
void meets_probes(int divides);

#endif
