//go:build cgo && linux

package crashtest

/*
// The names of C functions that are not static are kept when go test strips the binary.
#cgo LDFLAGS: -Wl,--export-dynamic

#include <stdio.h>

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

// dumpCoverageOfC returns what writes the coverage of C code, or nil if none is counted.
func dumpCoverageOfC() func() {
	if C.crashtest_has_coverage() == 0 {
		return nil
	}
	return func() { C.crashtest_dump_coverage() }
}

// compiler is that of the C code in this binary.
func compiler() string { return C.GoString(C.crashtest_compiler()) }
