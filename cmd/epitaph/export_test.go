//go:build linux

package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/pprof/profile"
)

func TestExport(t *testing.T) {
	null, panicked := reportsDir+"real-null.crash", reportsDir+"real-panic.crash"
	o := epitaph("", "export", "sentry", null)
	if lines := strings.Split(o.stdout, "\n"); o.status != 0 || len(lines) != 4 || !json.Valid([]byte(lines[2])) {
		t.Errorf("sentry: %+v", o)
	}
	if o = epitaph("", "export", "sentry", null, panicked); o.status != exitFailure || !strings.Contains(o.stderr, "2 reports: an envelope has one event") {
		t.Errorf("sentry of two: %+v", o)
	}
	o = epitaph("", "export", "otel", null, panicked)
	if o.status != 0 || !json.Valid([]byte(o.stdout)) || strings.Count(o.stdout, `"severityText":"FATAL"`) != 2 {
		t.Errorf("otel: %+v", o)
	}
	if o = epitaph("", "export", "otel", "-protobuf", null); o.status != 0 || !strings.HasPrefix(o.stdout, "\x0a") {
		t.Errorf("otel -protobuf: %+v", o)
	}
	o = epitaph("", "export", "go", null, panicked)
	if o.status != 0 || strings.Count(o.stdout, "\ngoroutine ") < 2 || !strings.HasPrefix(o.stdout, "fatal error: SIGSEGV in crash_null_write") {
		t.Errorf("go: %+v", o)
	}
	o = epitaph("", "export", "pprof", null, panicked)
	p, err := profile.ParseData([]byte(o.stdout))
	if err != nil || o.status != 0 {
		t.Fatalf("pprof: %v, %+v", err, o)
	}
	if len(p.Comments) != 4 { // the summary and the signature of each
		t.Errorf("comments %q", p.Comments)
	}
}

func TestExportUsage(t *testing.T) {
	for want, args := range map[string][]string{
		"no format: want sentry, otel, pprof or go":     nil,
		`unknown argument "sentri". Did you mean: 'sen`: {"sentri", "x"},
		"no FILE":                  {"go"},
		"-protobuf goes with otel": {"go", "-protobuf", "x"},
	} {
		if o := epitaph("", append([]string{"export"}, args...)...); o.status != exitUsage || !strings.Contains(o.stderr, want) {
			t.Errorf("%q: %+v, want %q", args, o, want)
		}
	}
}
