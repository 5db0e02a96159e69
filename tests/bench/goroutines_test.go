//go:build linux && amd64 && cgo

package bench_test

import (
	"bytes"
	"fmt"
	"strconv"
	"testing"
)

// BenchmarkGoroutines crashes programs of more and more goroutines, with
// Epitaph and with Go's own dump in turns. Times are medians from the fault to
// the last byte, of the whole output in both cases; of Epitaph's, the part that
// shows the goroutines is counted as well.
func BenchmarkGoroutines(b *testing.B) {
	program.Path(b) // built before anything is measured
	for _, n := range []int{100, 1000, 10_000, 100_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			all := make(map[string][]times)
			var report, part, dump int
			for b.Loop() {
				t, output := crash(b, fmt.Sprint("epitaph ", n))
				all["epitaph"] = append(all["epitaph"], t)
				report, part = len(output), len(goroutinesPart(b, output, n))

				t, output = crash(b, fmt.Sprint("none ", n))
				all["go"] = append(all["go"], t)
				dump = len(output)
				if shown := bytes.Count(output, []byte("main.serveConn(")); shown < n {
					b.Fatalf("Go's dump has %d of %d goroutines", shown, n)
				}
			}
			last := func(t times) int64 { return t.last }
			epitaph, plain := median(all["epitaph"], last), median(all["go"], last)
			b.ReportMetric(0, "ns/op") // of no meaning here
			b.ReportMetric(epitaph/1e6, "epitaph-ms")
			b.ReportMetric(plain/1e6, "go-ms")
			b.ReportMetric(epitaph/plain, "epitaph/go-time")
			b.ReportMetric(float64(report)/1e3, "epitaph-kB")
			b.ReportMetric(float64(part)/1e3, "epitaph-goroutines-kB")
			b.ReportMetric(float64(dump)/1e3, "go-kB")
			b.ReportMetric(float64(report)/float64(dump), "epitaph/go-bytes")
		})
	}
}

// goroutinesPart is the part of a report about the goroutines, which must be
// live and all there: the n and the one that crashed.
func goroutinesPart(b *testing.B, output []byte, n int) []byte {
	b.Helper()
	start := bytes.Index(output, fmt.Appendf(nil, "\nGoroutines: %d, live", n+1))
	end := bytes.Index(output, []byte("\nRegisters:"))
	if start < 0 || end < start || !bytes.Contains(output, []byte("End of report (complete")) {
		b.Fatalf("no complete report of %d live goroutines:\n%s", n+1, output)
	}
	return output[start+1 : end]
}
