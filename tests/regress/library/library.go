//go:build linux && (amd64 || arm64) && cgo

// Library is a c-shared library that uses Epitaph; host.c is the program that
// loads it. The Go runtime of such a library handles only some of the seven
// signals.
package main

// #include <signal.h>
// #include <stdlib.h>
// #include <string.h>
//
// static struct sigaction saved;
//
// static void nothing(int number) { (void)number; }
//
// static void take_for_a_while(int number) {
//     struct sigaction action;
//     memset(&action, 0, sizeof action);
//     action.sa_handler = nothing;
//     sigaction(number, &action, &saved);
// }
//
// static void call_saved(int number, siginfo_t *info, void *context) {
//     saved.sa_sigaction(number, info, context);
// }
//
// static void take_in_front(int number) {
//     struct sigaction action;
//     memset(&action, 0, sizeof action);
//     action.sa_sigaction = call_saved;
//     action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
//     sigaction(number, &action, &saved);
// }
//
// static int blocks_faults(int number) {
//     struct sigaction action;
//     sigaction(number, NULL, &action);
//     return sigismember(&action.sa_mask, SIGSEGV);
// }
//
// static void ignore_a_while(int number) {
//     struct sigaction action, old;
//     memset(&action, 0, sizeof action);
//     action.sa_handler = SIG_IGN;
//     sigaction(number, &action, &old);
//     sigaction(number, &old, NULL);
// }
//
// static __attribute__((noinline)) void fault(void) { *(volatile int *)8 = 1; }
//
// static void put_back(int number) { sigaction(number, &saved, NULL); }
import "C"

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/tests/regress/undefined"
)

//export LibraryEnable
func LibraryEnable() {
	var options []handler.Option
	if os.Getenv("TAKEOVER") != "" {
		options = append(options, handler.WithTakeover())
	}
	if err := handler.Enable(options...); err != nil {
		fmt.Fprintln(os.Stderr, "library:", err)
		os.Exit(1)
	}
}

//export LibraryRun
func LibraryRun(name *C.char) {
	switch C.GoString(name) {
	case "breakpoint":
		runtime.Breakpoint()
	case "call_c":
		if handler.Enabled() { // with the names of C's functions
			_ = handler.Ready(context.Background())
		}
		C.fault()
	case "call_c_taken":
		for handler.Enabled() && handler.Taken()[syscall.SIGSEGV] == "" { // the helper thread looks once a second
			time.Sleep(10 * time.Millisecond)
		}
		C.fault()
	case "undefined":
		undefined.Instruction()
	case "notify":
		got := make(chan os.Signal, 1)
		signal.Notify(got, syscall.SIGABRT)
		fmt.Println("ready")
		select {
		case g := <-got:
			fmt.Println("got", g)
		case <-time.After(5 * time.Second):
		}
	case "notify_all":
		got := make(chan os.Signal, 1000)
		signal.Notify(got)
		fmt.Println("real-time signals:", withNewThreads(got))
	case "notify_ignored":
		got := make(chan os.Signal, 1000)
		signal.Ignore()
		signal.Notify(got)
		fmt.Println("real-time signals:", withNewThreads(got))
	case "notify_stop":
		got := make(chan os.Signal, 1000)
		enabled := handler.Disable()
		signal.Notify(got)
		if enabled {
			LibraryEnable()
		}
		signal.Stop(got) // what was there before Notify, and before Enable
		fmt.Println("real-time signals:", withNewThreads(got))
	case "reset_all":
		signal.Reset()
		fmt.Println("real-time signals:", withNewThreads(nil))
	case "stop_abort", "stop_registered", "stop_panic":
		got := make(chan os.Signal, 1)
		handler.Disable()
		signal.Notify(got, syscall.SIGABRT, syscall.SIGUSR1)
		if C.GoString(name) == "stop_registered" {
			if err := handler.Register(syscall.SIGUSR1); err != nil {
				fmt.Println(err)
			}
			signal.Stop(got)
			syscall.Kill(os.Getpid(), syscall.SIGUSR1)
			handler.Unregister(syscall.SIGUSR1) // waits for the dump
			return
		}
		LibraryEnable()
		if C.GoString(name) == "stop_panic" {
			panic("in the library")
		}
		signal.Stop(got)
		C.abort()
	case "stop_off", "stop_changed":
		enabled := handler.Enabled()
		got := make(chan os.Signal, 1000)
		signal.Notify(got)
		if enabled && C.GoString(name) == "stop_changed" {
			if err := handler.Enable(handler.WithThreadSignal(syscall.Signal(50))); err != nil {
				fmt.Println(err)
			}
		} else if enabled {
			handler.Disable()
		}
		signal.Stop(got)
		syscall.Kill(os.Getpid(), lastOfTheCore)
		time.Sleep(time.Second) // another thread may have got it
	case "notify_panic", "notify_panic_late":
		signal.Notify(make(chan os.Signal, 1), syscall.SIGABRT)
		if C.GoString(name) == "notify_panic_late" {
			handler.Disable()
		}
		panic("in the library")
	case "stop_behind":
		if handler.Enabled() {
			if err := handler.Register(syscall.SIGUSR1, handler.WithChain()); err != nil {
				fmt.Println(err)
			}
		}
		got := make(chan os.Signal, 1)
		signal.Notify(got, syscall.SIGUSR1)
		C.take_for_a_while(C.int(syscall.SIGUSR1))
		signal.Stop(got)
		syscall.Kill(os.Getpid(), syscall.SIGUSR1)
		time.Sleep(5 * time.Second) // another thread may have got it
	case "stop_taken_abort", "stop_taken_registered", "stop_ignored_abort", "stop_ignored_registered":
		number, enabled := syscall.SIGABRT, handler.Enabled()
		ignored := strings.Contains(C.GoString(name), "ignored")
		if strings.Contains(C.GoString(name), "registered") {
			number = syscall.SIGUSR1
			if enabled {
				if err := handler.Register(number); err != nil {
					fmt.Println(err)
				}
			}
		}
		got := make(chan os.Signal, 1)
		signal.Notify(got, number)
		if C.take_for_a_while(C.int(number)); ignored {
			C.put_back(C.int(number))
			C.ignore_a_while(C.int(number))
		}
		if enabled {
			handler.Unregister(number)
			handler.Disable()
		}
		if signal.Stop(got); !ignored {
			C.put_back(C.int(number))
		}
		syscall.Kill(os.Getpid(), number)
		time.Sleep(5 * time.Second) // another thread may have got it
	case "panic_taken":
		enabled := handler.Enabled()
		signal.Notify(make(chan os.Signal, 1), syscall.SIGABRT)
		handler.Disable()
		C.take_in_front(C.int(syscall.SIGABRT))
		if enabled {
			LibraryEnable()
		}
		panic("in the library")
	case "stop_between", "reset_ignored":
		number := syscall.SIGUSR1
		register := handler.Enabled()
		if register {
			if err := handler.Register(number, handler.WithChain()); err != nil {
				fmt.Println(err)
			}
		}
		got := make(chan os.Signal, 1)
		signal.Notify(got, number)
		if C.GoString(name) == "reset_ignored" {
			signal.Ignore(number)
			signal.Reset(number)
		} else {
			if register {
				handler.Unregister(number)
			}
			C.take_in_front(C.int(number))
			if register {
				if err := handler.Register(number, handler.WithChain()); err != nil {
					fmt.Println(err)
				}
			}
			signal.Stop(got)
		}
		if register {
			handler.Unregister(number)
		}
		syscall.Kill(os.Getpid(), number)
		time.Sleep(5 * time.Second) // another thread may have got it
	case "reset_all_ignored":
		signal.Notify(make(chan os.Signal, 1000))
		signal.Ignore()
		signal.Reset()
		fmt.Println("blocks faults:", C.blocks_faults(C.int(lastOfTheCore)))
	case "put_back", "put_back_late":
		number, late := syscall.SIGABRT, handler.Enabled() && C.GoString(name) == "put_back_late"
		if C.GoString(name) == "put_back_late" {
			number = syscall.SIGUSR1
		}
		if late {
			if err := handler.Register(number); err != nil {
				fmt.Println(err)
			}
		}
		got := make(chan os.Signal, 1)
		signal.Notify(got, number)
		C.take_for_a_while(C.int(number))
		if late {
			handler.Unregister(number)
		}
		C.put_back(C.int(number))
		syscall.Kill(os.Getpid(), number)
		select {
		case g := <-got:
			fmt.Println("got", g)
		case <-time.After(2 * time.Second):
		}
	case "abort_late", "abort_quiet":
		enabled := handler.Enabled()
		if enabled && C.GoString(name) == "abort_quiet" {
			handler.Disable()
			if err := handler.DumpLater(time.Hour); err != nil {
				fmt.Println(err)
			}
		}
		got := make(chan os.Signal, 1)
		signal.Notify(got, syscall.SIGABRT)
		if C.GoString(name) == "abort_late" {
			handler.Disable()
		}
		signal.Stop(got)
		C.abort()
	case "stop_late":
		enabled := handler.Enabled()
		if enabled {
			if err := handler.Register(syscall.SIGUSR1); err != nil {
				fmt.Println(err)
			}
		}
		got := make(chan os.Signal, 1)
		signal.Notify(got, syscall.SIGUSR1)
		if enabled {
			handler.Unregister(syscall.SIGUSR1)
		}
		signal.Stop(got)
		syscall.Kill(os.Getpid(), syscall.SIGUSR1)
		time.Sleep(5 * time.Second) // another thread may have got it
	case "nil":
		defer func() { fmt.Println("a nil pointer:", recover()) }()
		var p *int
		*p = 1
	}
}

// lastOfTheCore is the signal by which the core asks threads for their stacks.
const lastOfTheCore = syscall.Signal(62)

// withNewThreads is how many real-time signals come when there are threads that the
// core wants to know.
func withNewThreads(got chan os.Signal) (n int) {
	for range 10 {
		go func() {
			runtime.LockOSThread()
			time.Sleep(3 * time.Second)
		}()
	}
	time.Sleep(2500 * time.Millisecond)
	for len(got) > 0 {
		if (<-got).(syscall.Signal) > syscall.SIGSYS {
			n++
		}
	}
	return n
}

func main() {}
