//go:build linux && amd64 && cgo

package main

/*
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <time.h>

static int64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void *nothing(void *arg) { return arg; }

// Per thread that is made and joined, in nanoseconds.
static int64_t time_threads(int n)
{
    int64_t began = clock_ns();
    for (int i = 0; i < n; i++) {
        pthread_t thread;
        if (pthread_create(&thread, 0, nothing, 0) != 0)
            return -1;
        pthread_join(thread, 0);
    }
    return (clock_ns() - began) / n;
}

// Per pair of changes that blocks all signals and puts the mask back.
static int64_t time_masks(int n)
{
    sigset_t all, old;
    int64_t began = clock_ns();
    sigfillset(&all);
    for (int i = 0; i < n; i++) {
        pthread_sigmask(SIG_SETMASK, &all, &old);
        pthread_sigmask(SIG_SETMASK, &old, 0);
    }
    return (clock_ns() - began) / n;
}
*/
import "C"

import (
	"fmt"
	"runtime"

	"github.com/epitaph-go/epitaph/handler"
)

// healthy prints what a C program pays for threads and for signal masks: "victim healthy
// plain" and "victim healthy epitaph".
func healthy(how string) error {
	runtime.LockOSThread()
	if how == "epitaph" {
		if err := handler.Enable(); err != nil {
			return err
		}
	}
	C.time_threads(100)
	fmt.Println("thread", int64(C.time_threads(2000)))
	fmt.Println("masks", int64(C.time_masks(100_000)))
	return nil
}
