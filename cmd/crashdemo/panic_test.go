//go:build linux && cgo

package main_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/report"
)

// TestPanic checks that Go's text is on standard error alone, and everything else in the report.
func TestPanic(t *testing.T) {
	o := run(t, demo, "panic")
	all := whole(t, o.Stdout, report.Crash)
	if !o.IsExit(2) || len(all) != 1 || all[0].String() != o.Stdout {
		t.Fatalf("%d reports: %v", len(all), o)
	}
	if !strings.HasPrefix(o.Stderr, "panic: serving a request: query profile failed\n") || strings.Contains(o.Stderr, "epitaph: ") {
		t.Errorf("standard error has more than Go's text: %v", o)
	}
	if got := string(all[0].GoText.Bytes()); got != o.Stderr {
		t.Errorf("Go's text in the report is %q: %v", got, o)
	}
	inOrder(t, string(all[0].Panic.Bytes()), "*errors.joinError: 2 errors", "*fs.PathError: open /srv/missing: no such file or directory",
		"*errors.errorString: file already closed", "was the direct cause of", " in main.serve\n", "*main.queryError: serving a request: query profile failed\n")

	o = run(t, demo, "panic -fatal")
	if all = whole(t, o.Stdout, report.Crash); !o.IsExit(2) || len(all) != 1 || all[0].Panic != nil || all[0].Headline != "sync: unlock of unlocked mutex" {
		t.Errorf("panic -fatal: %v", o)
	}
	dir := t.TempDir()
	o = run(t, demo, "panic -dir "+dir)
	if files, err := filepath.Glob(dir + "/*.crash"); !o.IsExit(2) || len(files) != 1 || err != nil || o.Stdout != "" {
		t.Errorf("panic -dir: %q, %v: %v", files, err, o)
	}
}
