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
	"github.com/epitaph-go/epitaph/report"
)

// innermost runs the program and returns the innermost frame of its report.
func innermost(t *testing.T, line string) report.Frame {
	t.Helper()
	o := program.Run(t, line)
	o.DiedOf(t, syscall.SIGSEGV)
	return victim.Complete(t, o.Stderr).Current().Frames[0]
}

func TestFramesHaveLines(t *testing.T) {
	t.Parallel()
	f := innermost(t, "null")
	if f.Kind != report.SourceFrame || f.Func != "state_null" || filepath.Base(f.File) != "states.c" || f.Line == 0 ||
		f.Module != program.Path(t) || f.PC == 0 {
		t.Errorf("%+v", f)
	}
}

// Without room for symbols a function that is not exported has no name, and the
// module's line says why. What there is room for goes by what it tells.
func TestSymbolBudget(t *testing.T) {
	t.Parallel()
	for budget, want := range map[string]string{"": "", "0": "names: over the budget", "60000": "lines: over the budget"} {
		line := "null"
		if budget != "" {
			line += " symbols=" + budget
		}
		o := program.Run(t, line)
		o.DiedOf(t, syscall.SIGSEGV)
		r := victim.Complete(t, o.Stderr)
		f := r.Current().Frames[0]
		if m := r.Module(r.Modules[0].Start); m.Path != program.Path(t) || m.Symbols != want {
			t.Errorf("budget %s: the module is %+v, want %q", budget, m, want)
		}
		if source, named := f.Kind == report.SourceFrame, f.Func == "state_null"; source != (want == "") || named != (want != "names: over the budget") {
			t.Errorf("budget %s: %+v", budget, f)
		}
		if r.Layout != "" {
			t.Errorf("budget %s: its lines are not in the usual order: %s", budget, r.Layout)
		}
	}
}

// The second start takes the lines out of the cache; a file that was damaged is replaced.
func TestSymbolCache(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cache")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	line := "null cache=" + dir
	want := innermost(t, line)
	if want.Kind != report.SourceFrame || want.Line == 0 {
		t.Fatalf("%+v", want)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatal("the cache is empty", err)
	}
	before := make(map[string]os.FileInfo)
	for i, file := range files {
		info, err := os.Stat(file)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file, info.Mode(), err)
		}
		if i == 0 {
			if err := os.Truncate(file, info.Size()/2); err != nil {
				t.Fatal(err)
			}
		}
		before[file] = info
	}
	if f := innermost(t, line); f != want {
		t.Errorf("%+v, want %+v", f, want)
	}
	for i, file := range files {
		info, err := os.Stat(file)
		if err != nil || os.SameFile(info, before[file]) != (i > 0) || info.Size() != before[file].Size() {
			t.Errorf("%s was replaced: %t; %d bytes, were %d; %v", file, !os.SameFile(info, before[file]), info.Size(), before[file].Size(), err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if o := program.Run(t, line); !o.IsExit(1) || !strings.Contains(o.Stderr, "epitaph: WithSymbolCache: use "+dir+": not a directory of this user's own, with mode 0700") {
		t.Error(o)
	}
}

// The debug file of a stripped library is found by its build-id in a directory that
// the program names.
func TestDebugDirs(t *testing.T) {
	t.Parallel()
	victim.NeedTools(t, "objcopy", "readelf")
	dir := t.TempDir()
	run := func(name string, args ...string) string {
		out, err := exec.Command(name, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
		return string(out)
	}
	path := filepath.Join(dir, "plugin.so")
	run("cc", "-g", "-O1", "-shared", "-fPIC", "-Wl,--build-id", "-o", path, "plugin/plugin.c")
	_, id, _ := strings.Cut(run("readelf", "-n", path), "Build ID: ")
	id = strings.Fields(id)[0]
	debug := filepath.Join(dir, ".build-id", id[:2], id[2:]+".debug")
	if err := os.MkdirAll(filepath.Dir(debug), 0o700); err != nil {
		t.Fatal(err)
	}
	run("objcopy", "--only-keep-debug", path, debug)
	run("objcopy", "--strip-all", path)
	const line = "reload times=2 cache=off library="
	if f := innermost(t, line+path); f.Kind != report.BinaryFrame || f.Func != "" {
		t.Errorf("without the directory: %+v", f)
	}
	if f := innermost(t, line+path+" debug="+dir); f.Func != "plugin_inner" || filepath.Base(f.File) != "plugin.c" || f.Line != 4 {
		t.Errorf("with it: %+v", f)
	}
}
