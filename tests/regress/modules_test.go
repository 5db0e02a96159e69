//go:build linux && (amd64 || arm64) && cgo

package regress

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// A file with code in it that is mapped only to be read is no module.
func TestMappedFileIsNoModule(t *testing.T) {
	t.Parallel()
	file, err := exec.LookPath("cat")
	if err != nil {
		t.Fatal(err)
	}
	if file, err = filepath.EvalSymlinks(file); err != nil {
		t.Fatal(err)
	}
	o := program.Run(t, "map_file file="+file)
	o.DiedOf(t, syscall.SIGSEGV)
	for _, module := range victim.Complete(t, o.Stderr).Modules {
		if module.Path == file {
			t.Errorf("%s is a module:\n%s", file, o.Stderr)
		}
	}
}

// What the core has of a library goes with it, so that there is room for the next
// one; and the last one has names.
func TestLibraryIsReloaded(t *testing.T) {
	t.Parallel()
	o := program.Run(t, "reload traceback=off times=200 library="+plugin.Path(t))
	o.DiedOf(t, syscall.SIGSEGV)
	first(t, victim.Complete(t, o.Stderr), "plugin_inner")
	sizes := strings.Fields(o.Stdout)
	if len(sizes) != 199 {
		t.Fatalf("%d loads: %v", len(sizes), o)
	}
	for i, size := range sizes {
		if size != sizes[0] {
			t.Fatalf("the symbols take %s bytes at first, and %s after %d loads", sizes[0], size, i+2)
		}
	}
}

// A library that an upgrade has replaced on disk does not get the names of the new one.
func TestLibraryIsReplaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old, by := filepath.Join(dir, "plugin.so"), filepath.Join(dir, "new.so")
	for to, from := range map[string]string{old: plugin.Path(t), by: other.Path(t)} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, text, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	o := program.Run(t, "replaced library="+old+" by="+by)
	o.DiedOf(t, syscall.SIGSEGV)
	r := victim.Complete(t, o.Stderr)
	frames := r.Current().Frames
	if frames[0].Module != old || frames[0].Func != "" || frames[1].Func != "plugin" {
		t.Errorf("want a frame without a name, below plugin:\n%s", r)
	}
}

// An indexer that is stopped at a large module does not go on beside those that come
// after it.
func TestOneIndexerAtATime(t *testing.T) {
	t.Parallel()
	o := program.Run(t, "busy times=20 library="+many.Path(t))
	o.Exited(t, wentOn)
	says(t, o, "1 at a time")
}
