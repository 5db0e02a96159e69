//go:build linux && (amd64 || arm64) && cgo && !nocxx

package lastwords

import (
	"strconv"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

var plainWords = &victim.Program{Name: "plain", Build: []string{"-tags=epitaph_nowrap", "./words"}}

// BenchmarkWrite compares write(2) to /dev/null, by the wrapper and without: the ratio is of the least of many runs.
func BenchmarkWrite(b *testing.B) {
	for _, kind := range []string{"time-null", "time-stderr"} {
		b.Run(kind, func(b *testing.B) {
			least := map[*victim.Program]float64{}
			for b.Loop() {
				for _, program := range []*victim.Program{words, plainWords} {
					o := program.Run(b, "- "+kind)
					ns, err := strconv.ParseFloat(strings.TrimSpace(o.Stdout), 64)
					if err != nil {
						b.Fatal(o)
					}
					if least[program] == 0 || ns < least[program] {
						least[program] = ns
					}
				}
			}
			b.ReportMetric(least[words], "wrapped-ns")
			b.ReportMetric(least[plainWords], "plain-ns")
			b.ReportMetric(least[words]/least[plainWords], "ratio")
		})
	}
}
