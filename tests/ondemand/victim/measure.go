//go:build linux && (amd64 || arm64) && cgo

package main

// #cgo CFLAGS: -D_GNU_SOURCE -I${SRCDIR}/../../../native
// #include "measure.h"
import "C"

import (
	"context"
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/report"
)

func init() {
	add("accuracy", accuracy)
	add("cycles", cycles)
	add("cost", cost)
}

func clock(id int32) time.Duration {
	var ts unix.Timespec
	must(unix.ClockGettime(id, &ts))
	return time.Duration(ts.Nano())
}

// accuracy prints by how much each of n dumps came late, while all CPUs are busy,
// and for how much of that it had to wait for other programs, or other machines.
// Its time is known to the core alone: a goroutine that took the time before it
// called DumpLater may have been preempted in between. When it was written stands
// in its text, by the clock of the calendar; how that clock and the monotonic one
// stand to each other is taken before and after.
//
// A thread that does nothing but sleep as long tells what the machine makes of it.
func accuracy(s settings) {
	for range 2 * runtime.NumCPU() {
		go loopForEver()
	}
	d := duration(s, "d", 20*time.Millisecond)
	C.measure_start_sleeper(C.uint64_t(d), C.uint64_t(runtime.NumCPU()))
	f := tempFile()
	for range s.Number("n") {
		must(f.Truncate(0))
		_, err := f.Seek(0, 0)
		must(err)
		offset := clockOffset()
		begin := C.measure_begin(C.measure_dumper())
		must(handler.DumpLater(d, handler.WithOutput(f)))
		time.Sleep(d)
		await(f, "\nBuild: ") // behind the time; the rest takes longer
		excused := C.measure_excused(begin, C.measure_dumper())
		r, err := report.Parse(await(f, "\nEnd of report ("))
		must(err)
		written := time.Duration(r.Process.Time.UnixNano()) - offset
		if moved := clockOffset() - offset; moved.Abs() > 50*time.Microsecond {
			continue // the clock was set, or we were preempted just there
		}
		fmt.Println("dump", int64(written)-int64(C.measure_due()), excused)
	}
	for note := (C.struct_measure_late{}); C.measure_sleeper_late(&note); {
		fmt.Println("sleeper", note.late, note.excused)
	}
}

func clockOffset() time.Duration {
	return clock(unix.CLOCK_REALTIME) - clock(unix.CLOCK_MONOTONIC)
}

//go:noinline
func loopForEver() {
	for turns := 0; ; turns++ {
		if turns < 0 {
			return
		}
	}
}

// await is what is in a file, once that has some text in it.
func await(f *os.File, text string) []byte {
	for range 10000 {
		all := make([]byte, 1<<20)
		n, _ := f.ReadAt(all, 0)
		if strings.Contains(string(all[:n]), text) {
			return all[:n]
		}
		time.Sleep(time.Millisecond)
	}
	fail("no report came")
	return nil
}

// have is what the process has got from the system and from malloc.
type have struct{ threads, own, descriptors, allocated, mapped int }

func count() (h have) {
	runtime.GC()
	tasks, err := os.ReadDir("/proc/self/task")
	must(err)
	for _, task := range tasks {
		h.threads++
		name, err := os.ReadFile("/proc/self/task/" + task.Name() + "/comm")
		must(err)
		if string(name) == "epitaph\n" {
			h.own++
		}
	}
	h.descriptors = descriptors()
	h.allocated = int(C.measure_allocated())
	statm, err := os.ReadFile("/proc/self/statm")
	must(err)
	fmt.Sscan(string(statm), &h.mapped)
	h.mapped *= os.Getpagesize()
	return h
}

// descriptors is how many are open, but for those that the core opens for a moment,
// to look for new threads.
func descriptors() int {
	least := math.MaxInt
	for range 10 {
		open, err := os.ReadDir("/proc/self/fd")
		must(err)
		least = min(least, len(open))
		time.Sleep(time.Millisecond)
	}
	return least
}

// cycles arms and cancels n times, and prints what the process has before and
// after.
func cycles(s settings) {
	const warm = 1000
	must(handler.DumpLater(time.Hour))
	must(handler.Ready(context.Background())) // which has files open until then
	for i := range warm + s.Number("n") {
		if i == warm {
			handler.CancelDumpLater()
			fmt.Println(count())
		}
		must(handler.DumpLater(time.Hour))
		if i%2 == 0 { // else it is replaced
			handler.CancelDumpLater()
		}
		w, err := handler.NewWatchdog(time.Hour)
		must(err)
		w.Beat()
		w.Stop()
	}
	handler.CancelDumpLater()
	fmt.Println(count())
}

// cost prints the CPU time that some work takes without an armed timer, and with
// one and a watchdog, in turns.
func cost(s settings) {
	handler.Dump(handler.WithOutput(null())) // the core is on in both
	time.Sleep(300 * time.Millisecond)
	for range s.Number("n") {
		without := work()
		must(handler.DumpLater(time.Hour))
		w, err := handler.NewWatchdog(time.Minute)
		must(err)
		with := work()
		w.Stop()
		handler.CancelDumpLater()
		fmt.Println(int64(without), int64(with))
	}
}

func null() *os.File {
	f, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	must(err)
	return f
}

var sink []byte

// work is some of all: Go code, allocations, calls of C, goroutines.
func work() time.Duration {
	began := clock(unix.CLOCK_PROCESS_CPUTIME_ID)
	done := make(chan int)
	for range 4 {
		go func() {
			n := C.int(0)
			for i := range 200000 {
				n = C.measure_add(n)
				if i%100 == 0 {
					sink = make([]byte, 4096)
				}
			}
			done <- int(n)
		}()
	}
	for range 4 {
		<-done
	}
	return clock(unix.CLOCK_PROCESS_CPUTIME_ID) - began
}
