//go:build cgo && linux && (amd64 || arm64)

// Victim is the program whose threads the tests look at.
//
//	victim SCENARIO [NUMBER]
package main

// #cgo LDFLAGS: -lstdc++
// #include "busy.h"
// #include "park.h"
// #include "stacks.h"
// #include <stdlib.h>
// static void crash(void) { *(volatile int *)8 = 1; }
import "C"

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/epitaph-go/epitaph/cgo"
	"github.com/epitaph-go/epitaph/handler"
	_ "github.com/epitaph-go/epitaph/handler/interpose"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "victim:", err)
		os.Exit(3)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("no scenario is named")
	}
	scenario := scenarios[args[0]]
	if scenario == nil {
		return fmt.Errorf("no scenario %q", args[0])
	}
	number := 0
	if len(args) > 1 {
		n, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		number = n
	}
	return scenario(number)
}

var scenarios = map[string]func(n int) error{
	"park":     park,
	"gdb":      gdb,
	"odd":      odd,
	"sigqueue": sigqueue,
	"late":     late,
	"owing":    owing,
	"disabled": disabled,
	"setuid":   setuid,
	"busy":     busy,
	"race":     race,
	"stackuse": stackUse,
	"max":      func(n int) error { return parkAndCrash(100, handler.WithMaxThreads(n)) },
	"alone":    func(int) error { return parkAndCrash(10, handler.WithOneThread()) },
	"signal":   func(n int) error { return parkAndCrash(3, handler.WithThreadSignal(syscall.Signal(n))) },
	"taken":    taken,
	"bare":     bare,
	"own":      own,
	"traced":   traced,
	"recycle":  recycle,
	"time":     measure,

	"time-busy": func(n int) error { return keepBusy(measure, n) },
	"gdb-busy":  func(n int) error { return keepBusy(gdb, n) },
}

// keepBusy has more threads spin than there are processors.
func keepBusy(scenario func(int) error, n int) error {
	for range 8 {
		C.odd_start_spinning()
	}
	return scenario(n)
}

// enable waits for the names, so that a crash right afterwards has them.
func enable(opts ...handler.Option) error {
	if err := handler.Enable(opts...); err != nil {
		return err
	}
	return handler.Ready(context.Background())
}

func parkThreads(n int) error {
	for i := range n {
		function := i % C.PARK_FUNCTIONS
		tid := int(C.park_start(C.int(function)))
		if tid < 0 {
			return fmt.Errorf("thread %d of %d could not be made", i, n)
		}
		fmt.Printf("thread %d park_%02d\n", tid, function)
	}
	return nil
}

func parkAndCrash(n int, opts ...handler.Option) error {
	if err := parkThreads(n); err != nil {
		return err
	}
	if err := enable(opts...); err != nil {
		return err
	}
	C.crash()
	return nil
}

func park(n int) error {
	block := make(chan int)
	for range n {
		go func() { <-block }()
	}
	runtime.Gosched()
	return parkAndCrash(n)
}

func dump(interrupt bool) error {
	return cgo.Dump(&cgo.DumpConfig{Output: os.Stderr.Fd(), Timeout: 5 * time.Second,
		NativeStack: true, AllThreads: true, Interrupt: interrupt})
}

// gdb dumps its threads and then stays as it is until its input ends.
func gdb(n int) error {
	if err := parkThreads(n); err != nil {
		return err
	}
	if err := enable(); err != nil {
		return err
	}
	time.Sleep(100 * time.Millisecond) // Go's threads go to sleep
	if err := dump(false); err != nil {
		return err
	}
	fmt.Println("dumped")
	_, err := bufio.NewReader(os.Stdin).ReadByte()
	_ = err // the end of the input is the end of the program
	return nil
}

func odd(int) error {
	for name, start := range map[string]func() C.int{
		"masked":      func() C.int { return C.odd_start_masked() },
		"spin":        func() C.int { return C.odd_start_spinning() },
		"masked-spin": func() C.int { return C.odd_start_masked_spinning() },
		"vfork":       func() C.int { return C.odd_start_vfork() },
		"traced":      func() C.int { return C.odd_start_traced() },
	} {
		tid := int(start())
		if name == "masked" || name == "vfork" { // what sleeps is seen from outside
			scenario.Asleep(tid)
		}
		fmt.Printf("%s %d\n", name, tid)
	}
	C.odd_start_churn()
	if err := enable(); err != nil {
		return err
	}
	C.crash()
	return nil
}

func sigqueue(n int) error {
	if err := parkThreads(n); err != nil {
		return err
	}
	if err := enable(); err != nil {
		return err
	}
	C.odd_limit_signals()
	C.crash()
	return nil
}

// late dumps while a thread blocks the signal and again when it does not.
func late(int) error {
	fmt.Printf("masked %d\n", int(C.odd_start_masked()))
	if err := enable(); err != nil {
		return err
	}
	if err := dump(true); err != nil {
		return err
	}
	C.odd_unmask()
	time.Sleep(50 * time.Millisecond)
	return dump(true)
}

// owing dumps often while threads block the signal, and tells how many signals
// wait then: "SigQ:	12/96365".
func owing(n int) error {
	for range 5 {
		C.odd_start_masked()
	}
	if err := enable(); err != nil {
		return err
	}
	for range n {
		if err := dump(true); err != nil {
			return err
		}
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	_, queue, _ := strings.Cut(string(status), "SigQ:\t")
	queued, _, _ := strings.Cut(queue, "/")
	fmt.Println("queued", queued)
	return nil
}

// setuid makes the process one that may not look at itself any more.
func setuid(n int) error {
	if err := syscall.Setuid(65534); err != nil {
		return err
	}
	return busy(n)
}

// disabled dumps while threads block the signal, which get it when Epitaph is
// disabled.
func disabled(int) error {
	C.odd_start_masked()
	if err := enable(); err != nil {
		return err
	}
	if err := dump(true); err != nil {
		return err
	}
	handler.Disable()
	C.odd_unmask()
	time.Sleep(50 * time.Millisecond)
	return nil
}

func busy(n int) error {
	if err := enable(); err != nil {
		return err
	}
	C.busy_start()
	for range 2 {
		go func() {
			for {
				_ = make([]byte, 10_000)
				runtime.Gosched()
			}
		}()
	}
	for i := range n {
		if err := dump(false); err != nil {
			fmt.Printf("failed: dump %d: %v\n", i, err)
			return nil
		}
	}
	C.busy_stop()
	return nil
}

// race crashes while another thread dumps all the time.
func race(n int) error {
	if err := parkThreads(n); err != nil {
		return err
	}
	if err := enable(handler.WithOutput(os.NewFile(3, "report"))); err != nil {
		return err
	}
	go func() {
		for {
			_ = dump(true) // ends when the process does
		}
	}()
	time.Sleep(30 * time.Millisecond)
	C.crash()
	return nil
}

// taken has its own handler for the signal that it tells Epitaph to use.
func taken(n int) error {
	if C.odd_handle(C.int(n)) != 0 {
		return fmt.Errorf("no handler for signal %d", n)
	}
	fmt.Println(handler.Enable(handler.WithThreadSignal(syscall.Signal(n))))
	return nil
}

func stackUse(n int) error {
	C.busy_stack_use()
	if err := enable(); err != nil {
		return err
	}
	for range n {
		if err := dump(true); err != nil {
			return err
		}
	}
	fmt.Printf("used %d\n", int(C.busy_stack_use()))
	return nil
}

// bare overflows the stack of a thread without an alternate one: 0 is one that
// is older than Enable, 1 one of a shared library.
func bare(kind int) error {
	C.stacks_prepare()
	if kind == 0 {
		C.stacks_start()
	}
	if err := enable(); err != nil {
		return err
	}
	if kind == 1 {
		C.stacks_start_cxx()
	}
	fmt.Printf("waited %d\n", int(C.stacks_wait(8000)))
	C.stacks_overflow()
	return nil
}

func own(int) error {
	if err := enable(); err != nil {
		return err
	}
	fmt.Printf("kept %d\n", int(C.stacks_own_kept(2500)))
	return nil
}

// recycle makes and ends threads that get stacks, and counts mappings.
func recycle(n int) error {
	if err := enable(); err != nil {
		return err
	}
	first := 0 // the first time all of the three seconds count
	for range 4 {
		C.stacks_cxx_threads(C.int(n), 1500)
		least := settled(first)
		if first == 0 || least < first {
			first = least
		}
		fmt.Printf("mappings %d\n", least)
	}
	return nil
}

// settled is the number of mappings once it is about as low as it was before, or the
// least in three seconds: the helper thread unmaps stacks once a second.
func settled(before int) int {
	least := int(C.stacks_mappings())
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end) && least > before; {
		time.Sleep(50 * time.Millisecond)
		least = min(least, int(C.stacks_mappings()))
	}
	return least
}

// measure dumps often and tells how long that took, the median; and how many
// dumps were not complete in time, which a machine may be too busy for.
func measure(n int) error {
	if err := parkThreads(n); err != nil {
		return err
	}
	if err := enable(); err != nil {
		return err
	}
	const rounds = 21
	var took []time.Duration
	incomplete := 0
	for range rounds {
		began := time.Now()
		err := dump(true)
		if errors.Is(err, syscall.ETIMEDOUT) {
			incomplete++
		} else if err != nil {
			return err
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	fmt.Printf("nanoseconds %d\nincomplete %d\n", took[rounds/2].Nanoseconds(), incomplete)
	return nil
}

// traced dumps 20 times, or, with a number, until the process aborts.
func traced(n int) error {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if err := handler.Enable(handler.WithOutput(null), handler.WithSnapshot(10*time.Millisecond)); err != nil {
		return err
	}
	dump := func() error {
		return errors.Join(handler.Dump(handler.WithOutput(null)), handler.DumpNative(handler.WithOutput(null)))
	}
	for range 20 {
		if err := dump(); err != nil {
			return err
		}
	}
	if n > 0 {
		go func() {
			for {
				dump()
			}
		}()
		time.Sleep(time.Duration(n) * time.Millisecond)
		C.abort()
	}
	return nil
}
