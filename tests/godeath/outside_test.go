//go:build linux && (amd64 || arm64) && cgo

package godeath

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is outside of the copy: the files of the process, its memory and that of the
// machine, and filters. None of it keeps the panic from being formatted.
func TestErrorChainOutside(t *testing.T) {
	for kind, want := range map[string][]string{
		"outside-wait":   {"*errors.errorString: disk gone", direct, "main.wrapper: outer"},
		"outside-memory": {"*errors.errorString: adjusted by 1000", direct, "main.wrapper: outer"},
		"outside-crumbs": {"*errors.errorString: disk gone", direct, "main.wrapper: outer"},
		"outside-mapped": chainText,
		"outside-heir":   chainText,
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			r, _ := died(t, plain, kind)
			formatted(t, r, want...)
		})
	}
}

// A method that writes to a file of the process's does not reach it, also where the
// kernel cannot close all at once.
func TestErrorChainWritesNothing(t *testing.T) {
	dir, log := t.TempDir(), filepath.Join(t.TempDir(), "log")
	run(t, plain, "outside-files dir="+dir+" log="+log).Exited(t, 2)
	formatted(t, complete(t, onlyFile(t, dir)), "*errors.errorString: disk gone", direct, "main.wrapper: outer")
	if text, err := os.ReadFile(log); err != nil || len(text) > 0 {
		t.Errorf("in the program's file there is %q, %v", text, err)
	}
}

// Nor do its breadcrumbs reach a black box, whose pages the copy does not have: they go
// to memory of its own, and do not end it.
func TestErrorChainLeavesNoCrumbs(t *testing.T) {
	r, _ := died(t, plain, "outside-crumbs box="+filepath.Join(t.TempDir(), "box"))
	formatted(t, r, "*errors.errorString: disk gone", direct, "main.wrapper: outer")
	for _, crumb := range r.Breadcrumbs {
		if crumb.Text == "from the copy" {
			t.Error("a breadcrumb of the copy's is in the report")
		}
	}
	for _, a := range r.Annotations {
		if a.Key == "from" {
			t.Error("an annotation of the copy's is in the report")
		}
	}
}

// Nor when the stage that asks the copy is given up in the middle.
func TestErrorChainGivenUpLeavesNobody(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := run(t, plain, "supervise off=1 kind=copy-stuck for="+dir)
	o.Exited(t, 0)
	if o.Stdout != "0 left\n" {
		t.Errorf("%q", o.Stdout)
	}
	if text := onlyFile(t, dir); !strings.Contains(text, "stage \"panic in a copy\" timed out") {
		t.Errorf("the stage was not given up:\n%s", text)
	}
}

// A supervisor that inherits what the process leaves behind has nothing to wait for.
func TestErrorChainLeavesNobody(t *testing.T) {
	for range 10 {
		for _, kind := range []string{"chain", "unwrap-hangs", "unwrap-fatal"} {
			dir := t.TempDir()
			o := run(t, plain, "supervise off=1 kind="+kind+" for="+dir)
			o.Exited(t, 0)
			complete(t, onlyFile(t, dir))
			if o.Stdout != "0 left\n" {
				t.Errorf("%s: %q", kind, o.Stdout)
			}
		}
	}
}
