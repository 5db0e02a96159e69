//go:build linux && amd64 && cgo

// Command victim crashes under one of several handlers and tells when: the
// benchmark beside it measures the rest.
//
//	victim epitaph | textbook | line | none | clean [GOROUTINES]
//	victim serve
//	victim healthy plain | epitaph
//	victim idle plain | quiet | snapshots GOROUTINES BOX
package main

/*
#define _GNU_SOURCE
#include <execinfo.h>
#include <signal.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

// The least that a handler can do.
static void line(int sig)
{
    static const char text[] = "Fatal error: Segmentation fault\n\n";
    (void)!write(2, text, sizeof text - 1);
    signal(sig, SIG_DFL);
}

static void install_line(void)
{
    struct sigaction action = {.sa_handler = line, .sa_flags = SA_ONSTACK};
    sigaction(SIGSEGV, &action, 0);
}

// The handler that one finds in every textbook, warmed up as one should.
static void textbook(int sig)
{
    static const char head[] = "Segmentation fault\n";
    void *pcs[64];
    (void)!write(2, head, sizeof head - 1);
    backtrace_symbols_fd(pcs, backtrace(pcs, 64), 2);
    signal(sig, SIG_DFL);
}

static void install_textbook(void)
{
    void *pcs[4];
    struct sigaction action = {.sa_handler = textbook, .sa_flags = SA_ONSTACK};
    backtrace(pcs, 4);
    sigaction(SIGSEGV, &action, 0);
}

// Says when it is about to happen, and lets it happen.
static __attribute__((noinline)) void crash(volatile int *p)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t ns = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
    (void)!write(3, &ns, sizeof ns); // 1 us, which all of them pay
    *p = 1;
}

// Twenty functions, each calling the next: a report of some thirty different
// frames. The asm keeps the calls from becoming jumps.
#define FRAME(name, next)                                          \
    static __attribute__((noinline)) void name(volatile int *p)    \
    {                                                              \
        next(p);                                                   \
        __asm__ volatile("" ::: "memory");                         \
    }
FRAME(f01, crash) FRAME(f02, f01) FRAME(f03, f02) FRAME(f04, f03) FRAME(f05, f04)
FRAME(f06, f05) FRAME(f07, f06) FRAME(f08, f07) FRAME(f09, f08) FRAME(f10, f09)
FRAME(f11, f10) FRAME(f12, f11) FRAME(f13, f12) FRAME(f14, f13) FRAME(f15, f14)
FRAME(f16, f15) FRAME(f17, f16) FRAME(f18, f17) FRAME(f19, f18) FRAME(f20, f19)

static void crash_deep(void) { f20((volatile int *)8); }
*/
import "C"

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/epitaph-go/epitaph/handler"
)

func main() {
	switch os.Args[1] {
	case "epitaph":
		err := handler.Enable()
		if err == nil {
			err = handler.Ready(context.Background())
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case "textbook":
		C.install_textbook()
	case "line":
		C.install_line()
	case "clean":
		os.Exit(0)
	case "healthy":
		if err := healthy(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	case "serve":
		fmt.Fprintln(os.Stderr, serve())
		os.Exit(1)
	case "idle":
		fmt.Fprintln(os.Stderr, idle(os.Args[2], os.Args[3], os.Args[4]))
		os.Exit(1)
	}
	if len(os.Args) > 2 {
		n, err := strconv.Atoi(os.Args[2])
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		park(n)
	}
	// What enabling has left behind (threads that spin, a garbage collection) is done then,
	// and takes no processor from the reader of the first line.
	time.Sleep(50 * time.Millisecond)
	C.crash_deep()
}
