//go:build linux && (amd64 || arm64) && cgo

package ondemand

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/handler"
)

func BenchmarkBeat(b *testing.B) {
	w, err := handler.NewWatchdog(time.Hour)
	if err != nil {
		b.Fatal(err)
	}
	defer w.Stop()
	for b.Loop() {
		w.Beat()
	}
}

func BenchmarkBeatParallel(b *testing.B) {
	w, err := handler.NewWatchdog(time.Hour)
	if err != nil {
		b.Fatal(err)
	}
	defer w.Stop()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			w.Beat()
		}
	})
}

func BenchmarkArmAndCancel(b *testing.B) {
	for b.Loop() {
		if err := handler.DumpLater(time.Hour); err != nil {
			b.Fatal(err)
		}
		handler.CancelDumpLater()
	}
}

// BenchmarkArmed measures the CPU time of some work with an armed timer and a
// watchdog, as a ratio to that without.
func BenchmarkArmed(b *testing.B) {
	for b.Loop() {
		o := program.Run(b, "cost n=11")
		o.Exited(b, wentOn)
		var ratios []float64
		for line := range strings.Lines(o.Stdout) {
			var without, with float64
			if _, err := fmt.Sscan(line, &without, &with); err != nil {
				b.Fatal(err)
			}
			ratios = append(ratios, with/without)
		}
		slices.Sort(ratios)
		b.ReportMetric(ratios[len(ratios)/2], "ratio")
	}
}
