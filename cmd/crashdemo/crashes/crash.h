// What all the kinds of crash share.
//
// A crash function must itself be the frame that faults, at -O2 as at -O0, with gcc as with clang. So it is never
// inlined or cloned into its caller, the addresses it misuses are hidden from the optimizer (which would otherwise see
// the undefined behaviour and replace it by a trap instruction or by nothing), and it is global, so that .dynsym names
// it in a stripped program too.
#ifndef CRASHDEMO_CRASH_H
#define CRASHDEMO_CRASH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__clang__)
#define CRASH_FN __attribute__((noinline, used, visibility("default")))
#else
#define CRASH_FN __attribute__((noinline, noclone, used, visibility("default")))
#endif

// After a call that must leave its frame on the stack: without it the compiler ends the function with a jump, and the
// caller vanishes from every stack.
#define CRASH_KEEP_FRAME() __asm__ volatile("" ::: "memory")

// What POSIX leaves to the C library: glibc aborts when it finds its heap damaged, musl executes a privileged
// instruction, which the kernel answers with SIGSEGV.
#ifdef __GLIBC__
#define CRASH_HEAP_SIGNAL SIGABRT
#else
#define CRASH_HEAP_SIGNAL SIGSEGV
#endif

static inline void *crash_hide(void *p) {
    __asm__ volatile("" : "+r"(p));
    return p;
}

// Says why this crash cannot be had here, and leaves with the status of a missing service.
void crash_unavailable(const char *why) __attribute__((noreturn));

// A file in memory, without a path, or -1.
int crash_memory_file(const char *name);

extern volatile int crash_sink;

// The kinds. Those that need something set up first, or a thread of their own, are entered through enter_….
void crash_null_read(void);
void crash_null_write(void);
void crash_non_canonical(void);
void crash_strlen_null(void);

void crash_call_null(void);
void crash_call_garbage(void);
void crash_call_noexec(void);

void crash_stack_overflow(void);
void crash_smashed_stack(void);
void crash_no_stack(void);
void enter_recursion2(void);

void crash_division(void);
void crash_ud2(void);
void crash_int3(void);

void crash_abort(void);
void crash_assert(void);

void crash_double_free(void);
void crash_heap_corruption(void);
void crash_in_malloc(void);

void crash_bus(void);
void crash_no_fds(void);

void enter_in_dl_iterate(void);
void enter_dlopen_constructor(void);
int crash_can_dlopen(void);
void crash_set_constructor(const char *path);

void crash_stdio_locks(void);

void crash_blocked(void);
void crash_raise(void);
void crash_kill_self(void);
void crash_seccomp(void);

void enter_eight_threads(void);

void crash_in_gc(void);
void crash_go_c_go_c(void);
void enter_go_c_go_c(void);
void crash_callback_thread(void);
void enter_callback_thread(void);

void crash_cxx_throw(void);
void crash_cxx_terminate(void);
void enter_cxx_thread_throw(void);

#ifdef __cplusplus
}
#endif
#endif
