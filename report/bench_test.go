package report_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/report"
)

func BenchmarkParse(b *testing.B) {
	text := []byte(samples(b)["segv"])
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := report.Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendText(b *testing.B) {
	r := sample(b, "segv")
	var text []byte
	b.ReportAllocs()
	for b.Loop() {
		text, _ = r.AppendText(text[:0])
	}
	b.SetBytes(int64(len(text)))
}

func BenchmarkScanner(b *testing.B) {
	text := strings.Repeat("2026/11/21 19:40:00 a line of a log that is of no interest here\n", 1000) + samples(b)["segv"]
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		s := report.NewScanner(strings.NewReader(text))
		if !s.Scan() {
			b.Fatal("no report found")
		}
	}
}

func BenchmarkSignature(b *testing.B) {
	r := sample(b, "segv")
	b.ReportAllocs()
	for b.Loop() {
		r.Signature()
	}
}

func BenchmarkJSON(b *testing.B) {
	r := sample(b, "segv")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := json.Marshal(r); err != nil {
			b.Fatal(err)
		}
	}
}
