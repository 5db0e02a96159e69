//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const goTestOutput = "internal/ci/testdata/crash.json"

func TestCI(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	o := epitaph("", "ci", "-junit", at("junit.xml"), "-sarif", at("crash.sarif"), "-html", at("crashes"), goTestOutput)
	const want = "example.com/media/dec.TestFrames/first_frame\n  SIGSEGV in copy_plane (dec.go:10), called from dec.Decode (dec.go:22): " +
		"write through a NULL pointer + 8\n  signature 1:"
	if o.status != exitFailure || !strings.HasPrefix(o.stdout, want) || !strings.HasSuffix(o.stdout, "crashes: 1, failed tests: 3, packages: 2\n") || o.stderr != "" {
		t.Errorf("%+v", o)
	}
	for name, want := range map[string]string{
		"junit.xml": `<error message="SIGSEGV in copy_plane`, "crash.sarif": `"ruleId": "SIGSEGV"`,
		"crashes/example.com_media_dec.TestFrames_first_frame.html": "copy_plane",
	} {
		text, err := os.ReadFile(at(name))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), want) {
			t.Errorf("%s has no %s", name, want)
		}
	}
	text, err := os.ReadFile(goTestOutput)
	if err != nil {
		t.Fatal(err)
	}
	if o = epitaph(string(text), "ci", "-github"); o.status != exitFailure || strings.Count(o.stdout, "::error ") != 2 {
		t.Errorf("%+v", o)
	}
	if o = epitaph(`{"Action":"pass","Package":"p"}`, "ci"); o.status != 0 || o.stdout != "crashes: 0, failed tests: 0, packages: 1\n" {
		t.Errorf("%+v", o)
	}
	if o = epitaph("", "ci", "a", "b"); o.status != exitUsage {
		t.Errorf("%+v", o)
	}
}
