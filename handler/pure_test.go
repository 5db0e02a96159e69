//go:build linux

package handler_test

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/stackfmt"
)

// pure is a program without the core, whatever this test is built with.
var pure = &victim.Program{Build: []string{"./testdata/pure"}, Env: []string{"CGO_ENABLED=0"}}

func TestMain(m *testing.M) { os.Exit(victim.Main(m)) }

func runPure(t *testing.T, line string, changes ...victim.Change) *victim.Outcome {
	t.Helper()
	return pure.Run(t, line, append([]victim.Change{victim.Unset("GOTRACEBACK")}, changes...)...)
}

// What Enable says of itself: whether the error is ErrNoNative, and Enabled.
var (
	platform = "epitaph: " + runtime.GOOS + "/" + runtime.GOARCH + " without the C core: "
	inForce  = "true true " + platform + "Go's own text alone: the native core is not available\n"
	nothing  = "true false " + platform + "the native core is not available\n"
)

// A panic or fatal error is that of the program without Epitaph, and its text stands in the
// place of the report, too.
func TestPureDeaths(t *testing.T) {
	for _, test := range []struct {
		kind string
		// Go prints the message of a fatal error before it takes itself for dying
		// (runtime/panic.go, throw), so only standard error has that.
		message, first string
		known          func(*stackfmt.GoroutineDump) bool
	}{
		{"panic", "", "panic: boom\n", func(d *stackfmt.GoroutineDump) bool { return len(d.Panics) == 1 }},
		{"nil", "", "panic: runtime error: invalid memory address or nil pointer dereference\n",
			func(d *stackfmt.GoroutineDump) bool { return len(d.Panics) == 1 && len(d.Details)+len(d.Signals) == 1 }},
		{"goroutine", "", "panic: in a goroutine\n", func(d *stackfmt.GoroutineDump) bool { return len(d.Panics) == 1 }},
		{"signal", "", "SIGQUIT: quit\n", func(d *stackfmt.GoroutineDump) bool { return len(d.Signals) == 1 }},
		{"unlock", "fatal error: sync: unlock of unlocked mutex\n", "\ngoroutine 1 ", func(*stackfmt.GoroutineDump) bool { return true }},
		{"deadlock", "fatal error: all goroutines are asleep - deadlock!\n", "\ngoroutine 1 ", func(*stackfmt.GoroutineDump) bool { return true }},
	} {
		for _, place := range []string{"dir=", "output=", "output=first dir=second output="} {
			t.Run(test.kind+"/"+place, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				// Only the last place counts.
				words := strings.Fields(strings.NewReplacer("=first", "="+t.TempDir()+"/first", "=second", "="+t.TempDir()).Replace(place))
				last := len(words) - 1
				path := filepath.Join(dir, "*")
				if words[last] += dir; strings.HasPrefix(words[last], "output=") {
					words[last] += "/file"
				}
				o := runPure(t, strings.Join(words, " ")+" "+test.kind)
				o.Exited(t, 2)
				if o.Stdout != strings.Repeat(inForce, len(words)) {
					t.Errorf("it says %q", o.Stdout)
				}
				text := onlyFile(t, path)
				if o.Stderr != test.message+text || !strings.HasPrefix(text, test.first) {
					t.Errorf("want on standard error %q and what is in the file, %q: %v", test.message, text, o)
				}
				if d := stackfmt.ParseGoroutines([]byte(text)); !test.known(d) || len(d.Goroutines) == 0 || len(d.Unknown) > 0 {
					t.Errorf("package stackfmt does not understand it: %+v", d)
				}
			})
		}
	}
}

// onlyFile is the text of the one file that a pattern fits, which no other user can
// read.
func onlyFile(t *testing.T, pattern string) string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) != 1 {
		t.Fatalf("files %q, %v", files, err)
	}
	info, err := os.Lstat(files[0])
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("%s: mode %v, %v", files[0], info.Mode(), err)
	}
	if name := filepath.Base(files[0]); name != "file" && !reportName.MatchString(name) {
		t.Errorf("the name is %s", name)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var reportName = regexp.MustCompile(`^victim-\d+-\d{4}-\d\d-\d\dT\d{6}\.\d{6}Z\.crash$`)

// Disable takes it back, and an empty file with it, as the next Enable does.
func TestPureDisable(t *testing.T) {
	dir := t.TempDir()
	files := " files=" + dir + " "
	o := runPure(t, "dir="+dir+files+"dir="+dir+files+"disable disable"+files+"panic")
	o.Exited(t, 2)
	want := inForce + "files: 1 <nil>\n" + inForce + "files: 1 <nil>\ndisabled: true\ndisabled: false\nfiles: 0 <nil>\n"
	if o.Stdout != want || !strings.HasPrefix(o.Stderr, "panic: boom\n") {
		t.Errorf("want %q: %v", want, o)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	// A program that ends otherwise leaves it.
	o = runPure(t, "dir="+dir)
	o.Exited(t, 0)
	if text := onlyFile(t, dir+"/*"); text != "" {
		t.Errorf("a run without a crash has written %q", text)
	}
}

// Standard error has Go's text already, by whatever name it is called.
func TestPureStderr(t *testing.T) {
	dir := t.TempDir()
	for _, line := range []string{"enable panic", "output=/proc/self/fd/2 panic", "dir=" + dir + " enable panic"} {
		o := runPure(t, line)
		o.Exited(t, 2)
		if !strings.HasSuffix(o.Stdout, nothing) || strings.Count(o.Stderr, "boom") != 1 {
			t.Errorf("%s: %v", line, o)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// A program that uses the crash output of runtime/debug itself keeps it.
func TestPureProgramsOwn(t *testing.T) {
	for _, test := range []struct{ line, stdout string }{
		{"own=OWN dir=DIR panic", nothing},
		{"dir=DIR own=OWN panic", inForce},
		{"dir=DIR own=OWN disable panic", inForce + "disabled: true\n"},
		{"dir=DIR own=OWN dir=DIR panic", inForce + nothing},
	} {
		dir := t.TempDir()
		own := filepath.Join(dir, "own")
		o := runPure(t, strings.NewReplacer("OWN", own, "DIR", t.TempDir()).Replace(test.line))
		o.Exited(t, 2)
		if text, err := os.ReadFile(own); string(text) != o.Stderr || o.Stdout != test.stdout {
			t.Errorf("%s: the program's own file has %q, %v: %v", test.line, text, err, o)
		}
	}
}

// A report is not written to a place that is none, and what is in force stays.
func TestPureErrors(t *testing.T) {
	dir := t.TempDir()
	o := runPure(t, "output="+dir+"/file dir="+dir+"/none panic")
	o.Exited(t, 2)
	if want := inForce + "false true epitaph: WithDir: "; !strings.HasPrefix(o.Stdout, want) {
		t.Errorf("want %q: %v", want, o)
	}
	if text := onlyFile(t, dir+"/*"); text != o.Stderr {
		t.Errorf("the file has %q: %v", text, o)
	}
}
