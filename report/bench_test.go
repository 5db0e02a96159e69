package report_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/report"
)

// The benchmarks use a report of a real crash, of 8 KB.
func BenchmarkParse(b *testing.B) {
	text := []byte(samples(b)["real-null"])
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := report.Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendText(b *testing.B) {
	r := sample(b, "real-null")
	var text []byte
	b.ReportAllocs()
	for b.Loop() {
		text, _ = r.AppendText(text[:0])
	}
	b.SetBytes(int64(len(text)))
}

// BenchmarkScanner reads logs of several collectors: 64 KB with one report in them.
func BenchmarkScanner(b *testing.B) {
	plain := strings.Repeat("2026/11/21 19:40:00 a line of a log that is of no interest here\n", 900) + samples(b)["real-null"]
	for _, name := range []string{"as it is", "docker compose", "Kubernetes", "docker's json-file"} {
		b.Run(name, func(b *testing.B) {
			text := collectors[name](plain)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				s := report.NewScanner(strings.NewReader(text))
				if !s.Scan() {
					b.Fatal("no report found")
				}
			}
		})
	}
}

func BenchmarkSignature(b *testing.B) {
	r := sample(b, "real-null")
	b.ReportAllocs()
	for b.Loop() {
		r.Signature()
	}
}

func BenchmarkJSON(b *testing.B) {
	r := sample(b, "real-null")
	b.ReportAllocs()
	var text []byte
	for b.Loop() {
		var err error
		if text, err = json.Marshal(r); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(text)))
	b.ReportMetric(float64(len(text)), "JSON-bytes")
}

func BenchmarkUnmarshalJSON(b *testing.B) {
	text, err := json.Marshal(sample(b, "real-null"))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		var r report.Report
		if err := json.Unmarshal(text, &r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSummary(b *testing.B) {
	r := sample(b, "real-null")
	b.ReportAllocs()
	for b.Loop() {
		r.Summary()
	}
}

func BenchmarkRecord(b *testing.B) {
	r := sample(b, "real-null")
	b.ReportAllocs()
	for b.Loop() {
		r.Record()
	}
}
