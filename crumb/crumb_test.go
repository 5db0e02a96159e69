package crumb_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/crumb"
)

// This test does not import package handler.
func TestWithoutHandler(t *testing.T) {
	if crumb.Kept() {
		t.Error("a breadcrumb is kept, without a handler")
	}
	if n := testing.AllocsPerRun(100, func() { crumb.Drop("nowhere") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// A library that imports it takes nothing else into its users' programs.
func TestLinksNothing(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for path := range strings.FieldsSeq(string(out)) {
		if path == "runtime/cgo" || path == "C" || strings.Contains(path, ".") && !strings.HasSuffix(path, "/epitaph/crumb") && !strings.HasSuffix(path, "/internal/crumbs") {
			t.Errorf("it links %s", path)
		}
	}
}

func BenchmarkWithoutHandler(b *testing.B) {
	for b.Loop() {
		crumb.Drop("nowhere")
	}
}
