//go:build linux && (amd64 || arm64) && cgo

package edges

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim"
)

const (
	noteReopened = "the descriptor of the report's output was closed or used for another file; " +
		"the report is in the same file, opened anew by its path"
	noteStandard = "the descriptor of the report's output was closed or used for another file; " +
		"the report is on standard error"
	noteDirectory = "the report file's directory was lost to the program, and opened anew by its path"
)

// lostWays are those in which the program gets at a descriptor of the core's.
var lostWays = map[string]string{"closed": "", "used for another file": " other="}

func lostWay(t *testing.T, setting string) (line, other string) {
	t.Helper()
	if setting == "" {
		return "", ""
	}
	other = filepath.Join(t.TempDir(), "database")
	return setting + other, other
}

func untouched(t *testing.T, other string) {
	t.Helper()
	if other == "" {
		return
	}
	if content, err := os.ReadFile(other); err != nil || len(content) > 0 {
		t.Errorf("a file of the program's own was written to (%v): %q", err, content)
	}
}

// TestOutputIsLost: a report comes to the same file by its path, if that still has it, and
// else to standard error.
func TestOutputIsLost(t *testing.T) {
	for name, setting := range lostWays {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			way, other := lostWay(t, setting)
			output := filepath.Join(t.TempDir(), "log")
			o := run(t, "lost_output output="+output+way)
			o.DiedOf(t, syscall.SIGSEGV)
			text, _ := os.ReadFile(output)
			hasNote(t, string(text), noteReopened)
			victim.NoReport(t, o.Stderr)
			untouched(t, other)

			o = run(t, "lost_output gone=1 output="+output+way)
			o.DiedOf(t, syscall.SIGSEGV)
			hasNote(t, o.Stderr, noteStandard)
			untouched(t, other)
			if text, _ := os.ReadFile(output); len(text) > 0 {
				t.Errorf("the other file of the name has %q", text)
			}
		})
	}
}

// TestOutputIsLostToGo: to what Go itself prints on standard error nothing is added.
func TestOutputIsLostToGo(t *testing.T) {
	t.Parallel()
	output := filepath.Join(t.TempDir(), "log")
	o := run(t, "lost_output panic=1 output="+output)
	o.Exited(t, 2)
	text, _ := os.ReadFile(output)
	hasNote(t, string(text), noteReopened)
	victim.NoReport(t, o.Stderr)
	o = run(t, "lost_output panic=1 gone=1 output="+output)
	o.Exited(t, 2)
	victim.NoReport(t, o.Stderr)
}

func TestDirIsLost(t *testing.T) {
	for name, setting := range lostWays {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			way, other := lostWay(t, setting)
			dir := t.TempDir()
			o := run(t, "lost_dir dir="+dir+way)
			o.DiedOf(t, syscall.SIGSEGV)
			_, text := onlyFile(t, dir)
			hasNote(t, text, noteDirectory)
			untouched(t, other)
		})
	}
	t.Run("made anew", func(t *testing.T) {
		t.Parallel()
		dir := filepath.Join(t.TempDir(), "reports")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		o := run(t, "new_dir dir="+dir)
		o.DiedOf(t, syscall.SIGSEGV)
		_, text := onlyFile(t, dir)
		hasNote(t, text, noteDirectory)
	})
}

// TestOutputFails: what a full disk does not take is on standard error.
func TestOutputFails(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no /dev/full:", err)
	}
	defer full.Close()
	o := run(t, "crash fd=3", victim.Inherit(full))
	o.DiedOf(t, syscall.SIGSEGV)
	outputFailed(t, o.Stderr, syscall.ENOSPC)
}

// TestEnableWithoutThePlace: the error is returned, and the report goes to standard error.
func TestEnableWithoutThePlace(t *testing.T) {
	for setting, want := range map[string]string{
		"":                     "epitaph: WithOutput: ",
		" dir=/does/not/exist": "epitaph: WithDir: stat /does/not/exist: no such file or directory",
	} {
		o := run(t, "bad_places"+setting)
		o.DiedOf(t, syscall.SIGSEGV)
		if !strings.HasPrefix(o.Stdout, want) {
			t.Errorf("the error is %q, want %q", o.Stdout, want)
		}
		victim.Complete(t, o.Stderr)
	}
}

// TestEnableAgainWithoutThePlace: what is in force stays so.
func TestEnableAgainWithoutThePlace(t *testing.T) {
	mustEnable(t, handler.WithDir(t.TempDir()))
	before := descriptors(t)
	if err := handler.Enable(handler.WithDir("/does/not/exist")); err == nil || !handler.Enabled() {
		t.Errorf("the error is %v; enabled: %v", err, handler.Enabled())
	}
	if now := descriptors(t); now != before {
		t.Errorf("%d descriptors before and %d now: the directory is not the report's any more", before, now)
	}
}
