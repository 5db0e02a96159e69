//go:build linux && amd64 && cgo

package threads

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/report"
)

// BenchmarkDump times a dump of all threads of a process, from the question to
// the last byte of the text, for more and more threads that wait in 20 different
// functions; in a process that is idle, and in one whose CPUs are kept busy by
// other threads. A thread has some seven frames. For comparison: gdb takes
// about a second for any of them.
func BenchmarkDump(b *testing.B) {
	program.Path(b) // built before anything is measured
	for _, load := range []string{"idle", "busy"} {
		for _, n := range []int{10, 100, 1000} {
			b.Run(fmt.Sprintf("%s/%d", load, n), func(b *testing.B) {
				var nanoseconds, bytesWritten float64
				for b.Loop() {
					ns, size := measure(b, load, n)
					nanoseconds += ns
					bytesWritten += size
				}
				b.ReportMetric(nanoseconds/float64(b.N)/1e6, "ms/dump")
				b.ReportMetric(nanoseconds/float64(b.N)/float64(n)/1e3, "µs/thread")
				b.ReportMetric(bytesWritten/float64(b.N), "bytes")
				b.ReportMetric(0, "ns/op") // of the whole child process: says nothing
			})
		}
	}
}

// measure has a child dump its threads some times and returns the mean.
func measure(b *testing.B, load string, n int) (nanoseconds, size float64) {
	b.Helper()
	scenario := map[string]string{"idle": "time", "busy": "time-busy"}[load]
	out := program.Run(b, scenario+" "+strconv.Itoa(n))
	if !out.IsExit(0) {
		b.Fatal(out)
	}
	for line := range strings.Lines(out.Stdout) {
		if text, ok := strings.CutPrefix(line, "nanoseconds "); ok {
			ns, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			if err != nil {
				b.Fatal(err)
			}
			nanoseconds = ns
		}
	}
	for scanner := report.NewScanner(strings.NewReader(out.Stderr)); scanner.Scan(); {
		size = float64(scanner.Report().End.Bytes)
		if a := scanner.Report().Answers; a.Answered+a.Late != a.Total {
			b.Fatalf("%+v", *a)
		}
	}
	return nanoseconds, size
}
