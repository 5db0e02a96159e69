//go:build linux && (amd64 || arm64) && cgo

package threads

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// BenchmarkDump times a dump of all threads of a process, from the question to
// the last byte of the text, for more and more threads that wait in 20 different
// functions; in a process that is idle, and in one whose CPUs are kept busy by
// other threads. A thread has some seven frames. The peer is gdb, which attaches to
// the same process and lets it go again.
func BenchmarkDump(b *testing.B) {
	program.Path(b) // built before anything is measured
	for _, load := range []string{"idle", "busy"} {
		for _, n := range []int{10, 100, 1000} {
			b.Run(fmt.Sprintf("%s/%d", load, n), func(b *testing.B) {
				peer := measureGdb(b, load, n)
				var nanoseconds, bytesWritten, incomplete float64
				for b.Loop() {
					ns, missing, size := measure(b, load, n)
					nanoseconds += ns
					incomplete += missing
					bytesWritten += size
				}
				b.ReportMetric(nanoseconds/float64(b.N)/1e6, "ms/dump")
				b.ReportMetric(nanoseconds/float64(b.N)/float64(n)/1e3, "µs/thread")
				b.ReportMetric(bytesWritten/float64(b.N), "bytes")
				b.ReportMetric(incomplete, "incomplete")
				if peer > 0 {
					b.ReportMetric(peer/1e6, "gdb-ms")
					b.ReportMetric(nanoseconds/float64(b.N)/peer, "epitaph/gdb-time")
				}
				b.ReportMetric(0, "ns/op") // of the whole child process: says nothing
			})
		}
	}
}

// measure has a child dump its threads some times, and returns the median of the
// times, how many dumps the machine was too busy for, and the bytes of one.
func measure(b *testing.B, load string, n int) (nanoseconds, incomplete, size float64) {
	b.Helper()
	scenario := map[string]string{"idle": "time", "busy": "time-busy"}[load]
	// Each of 21 dumps may take 5 s.
	out := program.Run(b, scenario+" "+strconv.Itoa(n), victim.Limit(4*limit))
	if !out.IsExit(0) {
		b.Fatal(out)
	}
	found := numbers(b, out)
	for scanner := report.NewScanner(strings.NewReader(out.Stderr)); scanner.Scan(); {
		size = float64(scanner.Report().End.Bytes)
		if scanner.Report().Complete() {
			accounted(b, scanner.Report())
		}
	}
	return float64(found["nanoseconds"]), float64(found["incomplete"]), size
}

// measureGdb is the time that gdb takes for the same, or 0 where there is none.
func measureGdb(b *testing.B, load string, n int) (nanoseconds float64) {
	b.Helper()
	if _, err := exec.LookPath("gdb"); err != nil {
		return 0
	}
	c, _ := startDumped(b, map[string]string{"idle": "gdb", "busy": "gdb-busy"}[load], n)
	began := time.Now()
	stacks := gdbStacks(b, "-p", strconv.Itoa(c.Cmd.Process.Pid))
	nanoseconds = float64(time.Since(began))
	if len(stacks) < n {
		b.Errorf("gdb shows %d threads of %d", len(stacks), n)
	}
	c.In.Close()
	if out := c.Wait(); !out.IsExit(0) {
		b.Fatal(out)
	}
	return nanoseconds
}
