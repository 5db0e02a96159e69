//go:build cgo && linux

package crashtest

/*
// The names of C functions that are not static are kept when go test strips the binary.
#cgo LDFLAGS: -Wl,--export-dynamic

#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

// What compilers link into programs that are built for coverage. gcc's __gcov_dump is in
// a library, of which a weak reference takes nothing; __gcov_exit is always there.
extern void __gcov_dump(void) __attribute__((weak));
extern void __gcov_exit(void) __attribute__((weak));
extern int __llvm_profile_write_file(void) __attribute__((weak));

static int crashtest_has_coverage(void) { return __gcov_dump || __gcov_exit || __llvm_profile_write_file; }

static void crashtest_dump_coverage(void)
{
	if (__gcov_dump)
		__gcov_dump();
	else if (__gcov_exit)
		__gcov_exit();
	if (__llvm_profile_write_file)
		__llvm_profile_write_file();
}

// To a pipe, C writes a buffer at a time, and what is in it is lost in a crash.
static void crashtest_buffer_lines(void) { setvbuf(stdout, NULL, _IOLBF, 0); }

static void crashtest_flush(void) { fflush(NULL); }

// The thread that ends the process when the test's process has died. It needs nothing of Go,
// which may hang.
static void *crashtest_watch(void *pipe)
{
	struct pollfd parent = {.fd = (int)(intptr_t)pipe};
	for (;;) {
		poll(&parent, 1, -1);
		if (parent.revents & (POLLHUP | POLLERR | POLLNVAL)) {
			if (getpgrp() == getpid())
				kill(0, SIGKILL);
			kill(getpid(), SIGKILL);
		}
	}
	return NULL;
}

static int crashtest_watch_parent(int pipe)
{
	sigset_t all, before;
	pthread_t thread;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int err = pthread_create(&thread, NULL, crashtest_watch, (void *)(intptr_t)pipe);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err)
		return err;
	pthread_setname_np(thread, "crashtest");
	return pthread_detach(thread);
}

static const char *crashtest_compiler(void)
{
#ifdef __clang__
	return "clang";
#else
	return "gcc";
#endif
}
*/
import "C"

func bufferLines() { C.crashtest_buffer_lines() }

func flushC() {
	C.crashtest_flush()
	if C.crashtest_has_coverage() != 0 {
		C.crashtest_dump_coverage()
	}
}

func watchParent(pipe int) { C.crashtest_watch_parent(C.int(pipe)) }

// dumpCoverageOfC returns what writes the coverage of C code, or nil if none is counted.
func dumpCoverageOfC() func() {
	if C.crashtest_has_coverage() == 0 {
		return nil
	}
	return func() { C.crashtest_dump_coverage() }
}

// compiler is that of the C code in this binary.
func compiler() string { return C.GoString(C.crashtest_compiler()) }
