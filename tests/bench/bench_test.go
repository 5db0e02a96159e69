//go:build linux && amd64 && cgo

// Package bench_test measures whole crashes: from the fault to the first byte
// of output, to the sentence, to the last byte, and to the end of the process, beside
// a textbook handler (backtrace_symbols_fd), one that writes a line, and no handler in C.
package bench_test

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim"
)

func now(b *testing.B) int64 { return clock(b, unix.CLOCK_MONOTONIC).Nanoseconds() }

// times of one crash, since the fault, in nanoseconds.
type times struct{ first, sentence, last, death int64 }

// program is killed at its limit, which fails the benchmark. Go needs seconds to
// print 100 000 goroutines.
var program = &victim.Program{Build: []string{"./victim"}, Limit: 30 * time.Second}

func TestMain(m *testing.M) { os.Exit(victim.Main(m)) }

// crash runs "victim HOW [GOROUTINES]".
func crash(b *testing.B, how string) (t times, output []byte) {
	stderr, stderrChild, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	clock, clockChild, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	defer stderr.Close()
	defer clock.Close()
	c := program.Start(b, how, victim.Stderr(stderrChild), victim.Inherit(clockChild),
		func(c *victim.Child) { c.Cmd.Stdout = nil }) // which Wait would wait for
	stderrChild.Close()
	clockChild.Close()

	var faultAt int64
	if how != "clean" {
		if err := binary.Read(clock, binary.NativeEndian, &faultAt); err != nil {
			b.Fatalf("%s: %v", how, err)
		}
	}
	buffer := make([]byte, 64<<10)
	for {
		n, err := stderr.Read(buffer)
		if n > 0 {
			at := now(b) - faultAt
			if t.first == 0 {
				t.first = at
			}
			t.last = at
			output = append(output, buffer[:n]...)
			if t.sentence == 0 && bytes.Contains(output, []byte("\n\nSIGSEGV in ")) {
				t.sentence = at
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	c.Wait() // it is killed by its signal, as it should
	t.death = now(b) - faultAt
	return t, output
}

func median(all []times, of func(times) int64) float64 {
	values := make([]int64, len(all))
	for i, t := range all {
		values[i] = of(t)
	}
	slices.Sort(values)
	return float64(values[len(values)/2])
}

// BenchmarkCrash takes turns between the handlers, so that their ratios hold on
// a machine whose speed changes. Figures are medians, in microseconds; the
// times hold the wake-up of the reader at the other end of a pipe as well. Of the first
// line there is the least, too, which a busy machine changes little.
func BenchmarkCrash(b *testing.B) {
	program.Path(b) // built before anything is measured
	handlers := []string{"epitaph", "textbook", "line", "none"}
	all := make(map[string][]times)
	for b.Loop() {
		for _, how := range handlers {
			t, output := crash(b, how)
			if how == "epitaph" && !bytes.Contains(output, []byte("End of report (complete")) {
				b.Fatalf("no complete report:\n%s", output)
			}
			all[how] = append(all[how], t)
		}
	}
	b.ReportMetric(0, "ns/op") // of no meaning here
	plain := median(all["none"], func(t times) int64 { return t.death })
	for _, how := range handlers {
		if how != "none" {
			b.ReportMetric(median(all[how], func(t times) int64 { return t.first })/1e3, how+"-first-line-us")
			b.ReportMetric(median(all[how], func(t times) int64 { return t.last })/1e3, how+"-end-line-us")
		}
		if how == "epitaph" {
			b.ReportMetric(median(all[how], func(t times) int64 { return t.sentence })/1e3, "epitaph-sentence-us")
		}
		b.ReportMetric(median(all[how], func(t times) int64 { return t.death })/1e3, how+"-death-us")
	}
	b.ReportMetric(median(all["epitaph"], func(t times) int64 { return t.first })/
		median(all["line"], func(t times) int64 { return t.first }), "epitaph/line-first")
	b.ReportMetric(least(all["epitaph"])/least(all["line"]), "epitaph/line-first-least")
	b.ReportMetric(median(all["epitaph"], func(t times) int64 { return t.death })/plain, "epitaph/none-death")
	b.ReportMetric(median(all["epitaph"], func(t times) int64 { return t.last })/
		median(all["textbook"], func(t times) int64 { return t.last }), "epitaph/textbook-end")
}

// BenchmarkFirstLine is of the first line alone, beside that of a handler that only writes
// one, so that many crashes of both fit into a minute.
func BenchmarkFirstLine(b *testing.B) {
	program.Path(b)
	all := make(map[string][]times)
	for b.Loop() {
		for _, how := range []string{"epitaph", "line"} {
			t, _ := crash(b, how)
			all[how] = append(all[how], t)
		}
	}
	b.ReportMetric(0, "ns/op")
	first := func(t times) int64 { return t.first }
	for how, list := range all {
		b.ReportMetric(median(list, first)/1e3, how+"-us")
		b.ReportMetric(least(list)/1e3, how+"-least-us")
	}
	b.ReportMetric(median(all["epitaph"], first)/median(all["line"], first), "epitaph/line")
	b.ReportMetric(least(all["epitaph"])/least(all["line"]), "epitaph/line-least")
}

// least is the shortest time to the first line.
func least(all []times) float64 {
	return float64(slices.MinFunc(all, func(a, b times) int { return cmp.Compare(a.first, b.first) }).first)
}

// BenchmarkEnable is the time of a first Enable less the background's.
func BenchmarkEnable(b *testing.B) {
	for b.Loop() {
		if err := handler.Enable(); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		handler.Disable()
		b.StartTimer()
	}
}
