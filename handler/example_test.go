//go:build cgo && linux && (amd64 || arm64)

package handler_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/epitaph-go/epitaph/handler"
)

// The usual call, in main. A program that cannot have reports runs
// on without them.
func Example() {
	if err := handler.Enable(); err != nil {
		log.Print(err)
	}
	defer handler.Disable()
	fmt.Println(handler.Enabled())
	// Output: true
}

// Bad options are errors that name the option, and change nothing. A place that cannot be
// used is an error, too, and reports go to standard error.
func ExampleEnable_errors() {
	fmt.Println(handler.Enable(handler.WithDeadline(0)))
	fmt.Println(handler.Enable(handler.WithOutput(nil)))
	fmt.Println(handler.Enable(handler.WithMaxThreads(0)))
	fmt.Println(handler.Enable(handler.WithThreadSignal(syscall.SIGUSR1)))
	fmt.Println(handler.Enabled())
	fmt.Println(handler.Enable(handler.WithDir("/no/such/place")))
	defer handler.Disable()
	fmt.Println(handler.Enabled())
	// Output:
	// epitaph: WithDeadline: 0s is not positive
	// epitaph: WithOutput: the file is nil
	// epitaph: WithMaxThreads: 0 is not positive
	// epitaph: WithThreadSignal: 10 is not from 35 to 64
	// false
	// epitaph: WithDir: stat /no/such/place: no such file or directory
	// true
}

// A nil dereference stays a panic, and can be recovered from as before.
func ExampleEnable_recover() {
	if err := handler.Enable(); err != nil {
		log.Fatal(err)
	}
	defer handler.Disable()
	func() {
		defer func() { fmt.Println("recovered:", recover()) }()
		var p *int
		*p = 1
	}()
	// Output: recovered: runtime error: invalid memory address or nil pointer dereference
}

func ExampleDisable() {
	if err := handler.Enable(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(handler.Disable(), handler.Disable())
	// Output: true false
}

// The report goes into a file of its own, which is made only if the process
// crashes.
func ExampleWithDir() {
	dir, err := os.MkdirTemp("", "reports")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := handler.Enable(handler.WithDir(dir)); err != nil {
		log.Fatal(err)
	}
	defer handler.Disable()
	files, err := os.ReadDir(dir)
	fmt.Println(len(files), err)
	// Output: 0 <nil>
}

// A second call replaces the options of the first.
func ExampleWithDeadline() {
	defer handler.Disable()
	for _, deadline := range []time.Duration{time.Second, 10 * time.Second} {
		fmt.Println(handler.Enable(handler.WithDeadline(deadline)))
	}
	// Output:
	// <nil>
	// <nil>
}

// A test that crashes on purpose waits until the names of C functions are known.
func ExampleReady() {
	if err := handler.Enable(); err != nil {
		log.Fatal(err)
	}
	defer handler.Disable()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	fmt.Println(handler.Ready(ctx))
	// Output: <nil>
}

// What is to be done in time is asked for before; what everybody was doing stands
// on standard error when it is not.
func ExampleDumpLater() {
	if err := handler.DumpLater(time.Minute, handler.WithExit()); err != nil {
		log.Print(err)
	}
	defer handler.CancelDumpLater()
	fmt.Println("in time")
	// Output: in time
}

// A loop that must not stand still.
func ExampleNewWatchdog() {
	watchdog, err := handler.NewWatchdog(30 * time.Second)
	if err != nil {
		log.Print(err)
	}
	defer watchdog.Stop()
	for job := range 3 {
		watchdog.Beat()
		fmt.Println("job", job)
	}
	// Output:
	// job 0
	// job 1
	// job 2
}

// A service shows where it is stuck when it gets SIGUSR1: kill -USR1. Here it
// sends the signal to itself.
func ExampleRegister() {
	out, err := os.CreateTemp("", "dump")
	if err != nil {
		log.Fatal(err)
	}
	defer os.Remove(out.Name())
	if err := handler.Register(syscall.SIGUSR1, handler.WithOneThread(), handler.WithOutput(out)); err != nil {
		log.Fatal(err)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := syscall.Tgkill(os.Getpid(), syscall.Gettid(), syscall.SIGUSR1); err != nil {
		log.Fatal(err)
	}
	fmt.Println("registered:", handler.Unregister(syscall.SIGUSR1)) // waits for the dump
	text, err := os.ReadFile(out.Name())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("who sent it:", strings.Contains(string(text), "\nNote: SIGUSR1 from the process itself\n"))
	fmt.Println(handler.Register(syscall.SIGSEGV))
	// Output:
	// registered: true
	// who sent it: true
	// epitaph: Register: signal 11 (segmentation fault) is a fatal signal, use Enable
}

// At the top of a goroutine: a report on its panic has the whole chain of the
// error.
func ExampleNotePanic() {
	go func() {
		defer handler.NotePanic()
		// ...
	}()
}

// The crash hook: after a crash of C code what the program still has to say goes out, in
// the time that is left. After a panic there is nothing to send it with; the next run
// finds the report.
func ExampleWithOnCrash() {
	flush := func(context.Context) { /* ... */ }
	err := handler.Enable(handler.WithOnCrash(func(ctx context.Context, report []byte) {
		if handler.InForkedCopy(ctx) {
			return
		}
		log.Printf("crashed: %.100s", report)
		flush(ctx)
	}))
	fmt.Println(err)
	handler.Disable()
	fmt.Println(handler.Enable(handler.WithOnCrash(nil)))
	// Output:
	// <nil>
	// epitaph: WithOnCrash: the function is nil
}
