//go:build linux && (amd64 || arm64) && cgo

package tests

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

var epitaphCommand = &victim.Program{Name: "epitaph", Build: []string{"github.com/epitaph-go/epitaph/cmd/epitaph"}}

// A shipment is a way to have lines in the reports of a program that was stripped.
var shipments = []struct {
	name string
	make func(t *testing.T, path string)
}{
	{"embedded", func(t *testing.T, path string) {
		inDir(t, path, epitaphCommand.Path(t), "index", "-embed", path)
		inDir(t, path, "strip", path)
	}},
	{"sidecar", func(t *testing.T, path string) {
		inDir(t, path, epitaphCommand.Path(t), "index", path)
		inDir(t, path, "strip", path)
	}},
	{"debug file", func(t *testing.T, path string) {
		inDir(t, path, "objcopy", "--only-keep-debug", path, path+".debug")
		inDir(t, path, "strip", path)
		inDir(t, path, "objcopy", "--add-gnu-debuglink="+path+".debug", path)
	}},
}

func inDir(t *testing.T, path, name string, args ...string) {
	t.Helper()
	victim.NeedTools(t, name)
	cmd := exec.Command(name, args...)
	cmd.Dir = filepath.Dir(path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
}

// TestStrippedWithLines strips programs, and finds all that their reports had before.
func TestStrippedWithLines(t *testing.T) {
	builds := []*build{plainBuild}
	if victim.Full {
		builds = append(builds, pieBuild, staticBuild, muslBuild, go127Build)
	}
	for _, b := range builds {
		for _, shipment := range shipments {
			t.Run(b.Name+"/"+shipment.name, func(t *testing.T) {
				t.Parallel()
				whole := b.program(t)
				path := filepath.Join(t.TempDir(), filepath.Base(whole))
				data, err := os.ReadFile(whole)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, data, 0o755); err != nil {
					t.Fatal(err)
				}
				shipment.make(t, path)
				for _, kind := range []string{"null-write", "double-free", "division"} {
					checkShipped(t, whole, path, kind)
				}
			})
		}
	}
}

// checkShipped compares the C frames with those of the program that was not stripped.
func checkShipped(t *testing.T, whole, path, kind string) {
	t.Helper()
	frames := func(path string) (source []report.Frame) {
		o := victim.Run(t, path, strings.Fields("run "+kind+" -place cgo"), usual, victim.Limit(hardLimit))
		r := victim.Complete(t, o.Stderr)
		for _, f := range r.Current().Frames {
			if f.Module == path || f.Module == whole {
				f.Module, f.PC = "", 0 // a PIE is loaded anywhere
				source = append(source, f)
			}
		}
		return source
	}
	want, got := frames(whole), frames(path)
	if len(want) != len(got) || len(want) < 3 {
		t.Errorf("%s: %d frames, want %d", kind, len(got), len(want))
		return
	}
	name := "crash_" + strings.ReplaceAll(kind, "-", "_")
	found := false
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%s: %+v, want %+v", kind, got[i], want[i])
		}
		found = found || got[i].Func == name && got[i].Kind == report.SourceFrame && got[i].Line > 0 && strings.HasSuffix(got[i].File, ".c")
	}
	if !found {
		t.Errorf("%s: no line of %s: %+v", kind, name, got)
	}
}

// TestGoRun has what 'go run' leaves, which strips: Go's functions with their lines, C's by
// their offsets, and why. (What of that "epitaph resolve" adds is tested in cmd/epitaph.)
func TestGoRun(t *testing.T) {
	t.Parallel()
	o := victim.Run(t, "go", strings.Fields("run github.com/epitaph-go/epitaph/cmd/crashdemo run null-write -place cgo"),
		usual, victim.Limit(2*time.Minute))
	for _, want := range []string{
		`(?m)^Note: C functions have no names and lines: 'go run' has stripped`,
		`(?m)^  Binary file ".*/crashdemo", at \+0x[0-9a-f]+ \[0x`,
		`(?m)^  File ".*\.go", line [0-9]+ in main\._Cfunc_demo_outer`,
		`(?m)^End of report \(complete`,
	} {
		if !regexp.MustCompile(want).MatchString(o.Stderr) {
			t.Errorf("no %s in\n%s", want, o.Stderr)
		}
	}
}
