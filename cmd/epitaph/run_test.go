package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/cli"
)

var update = flag.Bool("update", false, "write the golden files")

// outcome is what a command did.
type outcome struct {
	status         int
	stdout, stderr string
}

func epitaph(in string, args ...string) outcome {
	var stdout, stderr bytes.Buffer
	env := &cli.Env{In: strings.NewReader(in), Out: &stdout, Err: &stderr, Getenv: func(string) string { return "" }}
	status := app.Run(env, args)
	return outcome{status, stdout.String(), stderr.String()}
}

// colored is epitaph with FORCE_COLOR.
func colored(in string, args ...string) outcome {
	var stdout, stderr bytes.Buffer
	env := &cli.Env{In: strings.NewReader(in), Out: &stdout, Err: &stderr, Getenv: func(name string) string {
		return map[string]string{"FORCE_COLOR": "1"}[name]
	}}
	status := app.Run(env, args)
	return outcome{status, stdout.String(), stderr.String()}
}

// samples is the directory with the reports that package report is tested with.
const samples = "../../report/testdata/"

// golden compares a text with a file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("not as in %s (go test -update):\n%s", path, got)
	}
}

func TestUsage(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	for _, c := range []struct {
		args   []string
		status int
		stderr string // a part of it
	}{
		{nil, exitUsage, "Usage:"},
		{[]string{"inspect"}, exitUsage, `unknown command "inspect"`},
		{[]string{"-h"}, 0, ""},
		{[]string{"index", "-h"}, 0, ""},
		{[]string{"resolve", "--help"}, 0, ""},
		{[]string{"index"}, exitUsage, "epitaph index: 0 files, want one"},
		{[]string{"index", "a", "b"}, exitUsage, "epitaph index: 2 files, want one"},
		{[]string{"index", "a", "-x"}, exitUsage, "epitaph index: unknown flag -x"},
		{[]string{"index", "a", "-debug", missing}, exitUsage, missing},
		{[]string{"index", missing}, exitFailure, missing},
		{[]string{"resolve", missing}, exitFailure, missing},
		{[]string{"resolve", "-"}, exitFailure, "there is no report in it"},
	} {
		o := epitaph("no report\n", c.args...)
		if o.status != c.status || !strings.Contains(o.stderr, c.stderr) {
			t.Errorf("%q: status %d, %q", c.args, o.status, o.stderr)
		}
		if help := c.status == 0; help != strings.Contains(o.stdout, "Usage:") {
			t.Errorf("%q prints %q", c.args, o.stdout)
		}
	}
}

// TestTroubleDoesNotHideTheRest: of several files, what can be read is shown, what cannot
// is named, and the status says so. A directory stands for the files below it.
func TestTroubleDoesNotHideTheRest(t *testing.T) {
	dir := t.TempDir()
	text, err := os.ReadFile(samples + "now-null.crash")
	if err != nil {
		t.Skip(err) // the module alone has no reports
	}
	crash, other := filepath.Join(dir, "a.crash"), filepath.Join(dir, "notes")
	for path, content := range map[string][]byte{crash: text, other: []byte("nothing\n")} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	missing := filepath.Join(dir, "missing")
	for _, command := range []string{"show", "sig", "json", "html"} {
		o := epitaph("", command, missing, crash)
		if o.status != exitFailure || !strings.Contains(o.stderr, missing) || !strings.Contains(o.stdout, "crash_null_write") {
			t.Errorf("%s: status %d, %q\n%s", command, o.status, o.stderr, o.stdout)
		}
		if o = epitaph("", command, dir); o.status != 0 || o.stderr != "" || !strings.Contains(o.stdout, "crash_null_write") {
			t.Errorf("%s of a directory: status %d, %q\n%s", command, o.status, o.stderr, o.stdout)
		}
		if o = epitaph("", command, other, crash); command != "show" && (o.status != exitFailure || o.stderr != "epitaph: "+other+": there is no report in it\n") {
			t.Errorf("%s: status %d, %q", command, o.status, o.stderr)
		}
	}
	if o := epitaph("", "html", crash, crash); o.status != exitUsage || o.stdout != "" {
		t.Errorf("html of two: status %d, %d bytes", o.status, len(o.stdout))
	}
	nowhere := filepath.Join(dir, "no", "page.html")
	if o := epitaph("", "html", "-o", nowhere, crash); o.status != exitFailure || !strings.HasPrefix(o.stderr, "epitaph: create "+nowhere+": ") {
		t.Errorf("html to nowhere: status %d, %q", o.status, o.stderr)
	}
	if o := epitaph("", "index", other); o.status != exitFailure || !strings.Contains(o.stderr, other+": not an ELF file") {
		t.Errorf("index: status %d, %q", o.status, o.stderr)
	}
}
