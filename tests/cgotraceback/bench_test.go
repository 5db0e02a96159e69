//go:build linux && (amd64 || arm64) && cgo

package cgotraceback

import (
	"fmt"
	"testing"
)

// BenchmarkCallback is a call from C to Go, from a cgo call and from a C thread: what
// the traceback adds to it, and what the context does.
func BenchmarkCallback(b *testing.B) {
	for b.Loop() {
		var inside, thread [3]float64
		for i, line := range []string{"callbacks off=1", "callbacks", "callbacks context=1"} {
			o := program.Run(b, line)
			if _, err := fmt.Sscan(o.Stdout, &inside[i], &thread[i]); err != nil {
				b.Fatalf("%v: %v", err, o)
			}
		}
		b.ReportMetric(inside[0], "ns/without")
		b.ReportMetric(inside[1]-inside[0], "ns-more/traceback")
		b.ReportMetric(inside[2]-inside[0], "ns-more/context")
		b.ReportMetric(thread[1]-thread[0], "ns-more/thread-traceback")
		b.ReportMetric(thread[2]-thread[0], "ns-more/thread-context")
	}
}

// BenchmarkSample is what a sample of a CPU profile takes more in C.
func BenchmarkSample(b *testing.B) {
	for b.Loop() {
		var warm, cold, frames int
		if o := program.Run(b, "walks times=1"); o.Stdout == "" {
			b.Fatal(o)
		} else if _, err := fmt.Sscan(o.Stdout, &cold, &frames); err != nil {
			b.Fatalf("%v: %v", err, o)
		}
		if o := program.Run(b, "walks times=1000"); o.Stdout == "" {
			b.Fatal(o)
		} else if _, err := fmt.Sscan(o.Stdout, &warm, &frames); err != nil {
			b.Fatalf("%v: %v", err, o)
		}
		b.ReportMetric(float64(cold)/1e3, "µs/first")
		b.ReportMetric(float64(warm)/1e3, "µs/sample")
		b.ReportMetric(float64(frames), "frames")
	}
}
