//go:build linux && amd64 && cgo

package hosts

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// pairs of runs, with Epitaph and without.
const pairs = 15

// BenchmarkHealthy has each host work with Epitaph and without it, in pairs of runs side by side
// in time and in turns: "on/off" is the median of their ratios. "off/off" is that of pairs without
// it, which shows what a difference of that size means here.
func BenchmarkHealthy(b *testing.B) {
	times := map[string]int{"glog": 300, "jvm": 30, "rust": 300}
	for _, h := range hosts {
		if h.waits {
			continue
		}
		b.Run(h.name, func(b *testing.B) {
			h.ready(b)
			run := func(setting string) float64 {
				line := fmt.Sprintf("time times=%d%s", max(times[h.name], 20), setting)
				o := h.start(b, line).Wait()
				ns, err := strconv.ParseFloat(strings.TrimSpace(o.Stdout), 64)
				if err != nil {
					b.Fatalf("%v: %v", err, o)
				}
				return ns
			}
			var on, none []float64
			for b.Loop() {
				for i := range pairs {
					var with, without float64
					if i%2 == 0 {
						with, without = run(""), run(" off=1")
					} else {
						without, with = run(" off=1"), run("")
					}
					on = append(on, with/without)
					if again := run(" off=1"); i%2 == 0 {
						none = append(none, again/without)
					} else {
						none = append(none, without/again)
					}
				}
			}
			b.ReportMetric(0, "ns/op") // of no meaning here
			b.ReportMetric(median(on), "on/off")
			b.ReportMetric(median(none), "off/off")
		})
	}
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
