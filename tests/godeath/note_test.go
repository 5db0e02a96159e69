//go:build linux && (amd64 || arm64) && cgo

package godeath

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/report"
)

// noted runs a kind and returns its report; standard error is compared with that of
// the same program without Epitaph, where NotePanic does nothing.
func noted(t *testing.T, kind, settings string) *report.Report {
	t.Helper()
	dir := t.TempDir()
	o := run(t, plain, kind+settings+" dir="+dir)
	same(t, o, run(t, plain, kind+settings+" off=1"))
	return complete(t, onlyFile(t, dir))
}

// The chain of errors, in the order of stackfmt.
var chainLines = []string{"fs.PathError", "disk gone", "and more"}

func TestNotePanic(t *testing.T) {
	for kind, want := range map[string][]string{
		"error":     chainLines,
		"string":    {"panic: boom"},
		"number":    {"main.status(7)"},
		"custom":    {"{a:1 b:2}"},
		"nil":       {"invalid memory address or nil pointer dereference"},
		"nested":    chainLines,
		"again":     chainLines,
		"goroutine": chainLines,
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			r := noted(t, "note-"+kind, "")
			if r.Panic == nil {
				t.Fatalf("no note in:\n%s", ends(r.String()))
			}
			text := string(r.Panic.Bytes())
			for _, part := range want {
				if !strings.Contains(text, part) {
					t.Errorf("%q is not in the note:\n%s", part, text)
				}
			}
			if first, _, _ := strings.Cut(text, "\n"); !strings.HasSuffix(first, "Traceback (most recent call last):") {
				t.Errorf("the note begins with %q", first)
			}
			if !strings.HasPrefix(r.Panic.From, "noted by goroutine ") || strings.Contains(r.Panic.From, "bytes") {
				t.Errorf("the note is %q", r.Panic.From)
			}
			if !strings.HasPrefix(r.Headline, "panic: ") {
				t.Errorf("the headline is %q", r.Headline)
			}
		})
	}
}

func TestNotedPanicsOfNoDeath(t *testing.T) {
	for _, kind := range []string{"noted-then-other", "noted-then-fatal", "noted-elsewhere", "note-unlock", "note-faulty"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			if r := noted(t, kind, ""); r.Panic != nil && r.Panic.From != inCopy {
				t.Errorf("a note of another panic:\n%s", r.Panic.Bytes())
			} else if strings.HasPrefix(kind, "noted") && kind != "noted-then-fatal" {
				formatted(t, r, "panic: boom")
			}
		})
	}
	if r := noted(t, "noted-often", ""); r.Panic == nil || !strings.Contains(string(r.Panic.Bytes()), "disk gone") {
		t.Errorf("the note is not the last one: %v", r.Panic)
	}
}

// A long note is cut, not in the middle of a character.
func TestLongNote(t *testing.T) {
	r := noted(t, "note-long", "")
	if r.Panic == nil {
		t.Fatal("there is no note")
	}
	text := string(r.Panic.Bytes())
	// How far the text is shifted depends on the length of paths.
	size := len(text) - 1
	if size > 16384 || size < 16384-1 || !strings.HasSuffix(text, "é\n") {
		t.Errorf("the note has %d bytes and ends with %q", size, text[size-10:])
	}
	if !strings.Contains(r.Panic.From, fmt.Sprintf(", the first %d of ", size)) {
		t.Errorf("%q, of %d bytes", r.Panic.From, size)
	}
}

// Where the program has the crash output, the note is what is known of the panic.
func TestNoteWithoutText(t *testing.T) {
	r := noted(t, "note-error", " crash-before="+t.TempDir()+"/out")
	if r.Panic == nil || !strings.Contains(string(r.Panic.Bytes()), "disk gone") || r.Headline != "panic" {
		t.Errorf("the headline is %q, the note %v", r.Headline, r.Panic)
	}
}

func TestNoteVariants(t *testing.T) {
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			if v.pid1 {
				t.Skip("nothing of it depends on that")
			}
			if v.go127 {
				toolchain(t, go127)
			}
			dir := t.TempDir()
			o := run(t, v.program, "note-error"+v.settings+" dir="+dir)
			same(t, o, run(t, v.program, "note-error off=1"+v.settings))
			r := complete(t, onlyFile(t, dir))
			if r.Panic == nil {
				t.Fatal("no note")
			}
			for _, part := range chainLines {
				if !slices.ContainsFunc(r.Panic.Lines, func(line string) bool { return strings.Contains(line, part) }) {
					t.Errorf("%q is not in the note:\n%s", part, r.Panic.Bytes())
				}
			}
		})
	}
}
