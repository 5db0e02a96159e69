//go:build linux && amd64 && cgo

package threads

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/report"
)

// BenchmarkDump times a dump of all threads of a process, from the question to
// the last byte of the text, for more and more threads that wait in 20 different
// functions; in a process that is idle, and in one whose CPUs are kept busy by
// other threads. A thread has some seven frames. The peer is gdb, which attaches to
// the same process and lets it go again.
func BenchmarkDump(b *testing.B) {
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
	cmd := exec.Command(victim, scenario, strconv.Itoa(n))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		b.Fatalf("%v\n%s", err, tail(stderr.String()))
	}
	found := numbers(b, outcome{stdout: stdout.String()})
	for scanner := report.NewScanner(&stderr); scanner.Scan(); {
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
	cmd := exec.Command(victim, map[string]string{"idle": "gdb", "busy": "gdb-busy"}[load], strconv.Itoa(n))
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	killer := time.AfterFunc(2*limit, func() { cmd.Process.Kill() })
	defer killer.Stop()
	for scanner := bufio.NewScanner(stdout); scanner.Scan() && scanner.Text() != "dumped"; {
	}
	began := time.Now()
	stacks := gdbStacks(b, "-p", strconv.Itoa(cmd.Process.Pid))
	nanoseconds = float64(time.Since(began))
	if len(stacks) < n {
		b.Errorf("gdb shows %d threads of %d", len(stacks), n)
	}
	stdin.Close()
	_, _ = io.Copy(io.Discard, stdout) // nothing more comes
	if err := cmd.Wait(); err != nil {
		b.Fatal(err)
	}
	return nanoseconds
}
