//go:build linux && (amd64 || arm64) && cgo

// Package godeath tests how Go itself ends a process: unrecovered panics,
// fatal errors, signals that Go dies of. Each is that of a child process, the
// program victim, and is compared with the same program without Epitaph: standard
// error and the exit status have to be the same, and the report elsewhere whole.
package godeath

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

func TestMain(m *testing.M) { os.Exit(victim.Main(m)) }

// built is the victim, with the switches for tests and further arguments of go
// build.
func built(args ...string) *victim.Program {
	return &victim.Program{Build: append(append([]string{"-tags", "epitaph_test"}, args...), "./victim")}
}

var plain = built()

// run runs it. The tests say what GOTRACEBACK is; go test may have set it.
func run(t *testing.T, p *victim.Program, line string, changes ...victim.Change) *victim.Outcome {
	t.Helper()
	return p.Run(t, line, append([]victim.Change{victim.Unset("GOTRACEBACK")}, changes...)...)
}

// withArgs are settings with spaces in them.
func withArgs(args ...string) []victim.Change {
	return []victim.Change{victim.Unset("GOTRACEBACK"), victim.Args(args...)}
}

// signaled sends a signal to a victim that waits.
func signaled(t *testing.T, p *victim.Program, line string, signal syscall.Signal, changes ...victim.Change) *victim.Outcome {
	t.Helper()
	c := p.Start(t, line, append([]victim.Change{victim.Unset("GOTRACEBACK"), victim.Talk}, changes...)...)
	if ready, err := c.Out.ReadString('\n'); ready != "ready\n" {
		t.Fatalf("the victim says %q, %v", ready, err)
	}
	// Not to the process: the kernel may choose the C thread, where Go prints
	// nothing.
	if err := unix.Tgkill(c.Cmd.Process.Pid, c.Cmd.Process.Pid, signal); err != nil {
		t.Error(err)
	}
	return c.Wait()
}

// ends leaves out the middle of a long text.
func ends(text string) string {
	const n = 3000
	if len(text) > 2*n {
		return text[:n] + "\n[...]\n" + text[len(text)-n:]
	}
	return text
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// notesBehind is the layout of a report whose annotations and breadcrumbs stand behind the
// current stack and the memory line (report/layout.go has the letters): with a black box they
// are in a file's pages, which may not come.
var notesBehind = regexp.MustCompile(`^[^T]*TF+\.U\.(bi+)?(Kk+)?(Dd+)?\.`)

func usualOrder(layout string) bool { return layout == "" || notesBehind.MatchString(layout) }

// complete parses a report from which nothing is missing.
func complete(t *testing.T, text string) *report.Report {
	t.Helper()
	r, err := report.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%v in:\n%s", err, ends(text))
	}
	if !r.Complete() || !r.Intact() || len(r.StageFailures) > 0 || len(r.Unknown) > 0 || !usualOrder(r.Layout) {
		t.Errorf("not a complete report (complete %v, intact %v, failures %v, unknown %v, layout %q):\n%s",
			r.Complete(), r.Intact(), r.StageFailures, r.Unknown, r.Layout, ends(text))
	}
	if r.String() != text {
		t.Errorf("the report does not print as it was parsed:\n%s", ends(text))
	}
	return r
}

// onlyFile is the text of the one file in a directory.
func onlyFile(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(dir + "/*")
	if err != nil || len(files) != 1 {
		t.Fatalf("%d files in the directory, %v", len(files), err)
	}
	if info, err := os.Stat(files[0]); err != nil || info.Mode() != 0o600 || !strings.HasSuffix(files[0], ".crash") {
		t.Errorf("the report is %s, mode %v", files[0], info.Mode())
	}
	return read(t, files[0])
}

// toolchain skips the test where another version of Go cannot be had.
func toolchain(t *testing.T, name string) {
	t.Helper()
	toolchains.Do(func() {
		cmd := exec.Command("go", "version")
		cmd.Env = append(cmd.Environ(), "GOTOOLCHAIN="+name)
		if out, err := cmd.CombinedOutput(); err != nil {
			noToolchain = fmt.Sprintf("the toolchain %s cannot be had: %s", name, out)
		}
	})
	if noToolchain != "" {
		t.Skip(noToolchain)
	}
}

var (
	toolchains  sync.Once
	noToolchain string
)
