//go:build linux && (amd64 || arm64) && cgo && !nocxx

package lastwords

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

var (
	words       = &victim.Program{Name: "words", Build: []string{"./words"}}
	staticWords = &victim.Program{Name: "words", Build: []string{"-ldflags=-linkmode external -extldflags -static", "./words"}}
	muslWords   = &victim.Program{Name: "words", Build: []string{"-tags=nocxx", "-ldflags=-linkmode external -extldflags -static", "./words"},
		Env: []string{"CC=musl-gcc"}}
	rustShared  = rust("cdylib", "libwords.so", "-Cpanic=abort")
	rustArchive = rust("staticlib", "libwords.a", "-Cpanic=abort")
	rustUnwinds = rust("cdylib", "libunwinds.so", "-Cpanic=unwind")
)

func rust(kind, name, ends string) *victim.Program {
	return &victim.Program{Name: name, Build: []string{"rust/words.rs"}, Compiler: []string{"rustc", "--crate-type=" + kind, ends, "-O"}}
}

// standardError is what the report file says that the thread wrote.
func standardError(t *testing.T, program *victim.Program, signal syscall.Signal, line string, changes ...victim.Change) []string {
	t.Helper()
	dir := t.TempDir()
	o := program.Run(t, dir+" "+line, changes...)
	o.DiedOf(t, signal)
	// With a log on descriptor 2 the child's own standard error is another file.
	if strings.Contains(o.Stderr, "Standard error: ") && !strings.HasPrefix(line, "log ") {
		t.Errorf("standard error repeats itself: %v", o)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.crash"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, report files %q: %v", err, files, o)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	r := victim.Complete(t, string(text))
	return r.StandardError
}

// TestStandardError: what the thread wrote to standard error before it aborted is in the report
// file, and nothing else is.
func TestStandardError(t *testing.T) {
	for link, program := range map[string]*victim.Program{"dynamic": words, "static": staticWords, "musl": muslWords} {
		for kind, want := range map[string][]string{
			"write": {`lib: the table is "full"`, "lib: giving up"}, "writev": {"lib: by parts"},
			"other": nil, "none": nil, "write-off": nil,
		} {
			t.Run(link+"/"+kind, func(t *testing.T) {
				t.Parallel()
				if link == "musl" {
					victim.NeedTools(t, "musl-gcc")
				}
				if got := standardError(t, program, syscall.SIGABRT, kind); !slices.Equal(got, want) {
					t.Errorf("%q, want %q", got, want)
				}
			})
		}
	}
	t.Run("fault", func(t *testing.T) {
		t.Parallel()
		if got := standardError(t, words, syscall.SIGSEGV, "fault"); got != nil {
			t.Errorf("%q of a fault", got)
		}
	})
	t.Run("long", func(t *testing.T) {
		t.Parallel()
		got := standardError(t, words, syscall.SIGABRT, "long")
		last := len(got) - 1
		if last < 20 || got[last] != "lib: the end" || slices.ContainsFunc(got[:last], func(l string) bool { return l != "a line of a backtrace" }) {
			t.Errorf("%q", got)
		}
	})
	// A log that was put on both outputs after Enable is standard error; a file of the program's
	// that has got number 2 is not.
	for kind, want := range map[string][]string{"log": {"lib: in the log"}, "journal": nil, "data": nil} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			if got := standardError(t, words, syscall.SIGABRT, kind+" "+filepath.Join(t.TempDir(), "file")); !slices.Equal(got, want) {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
	t.Run("on-itself", func(t *testing.T) {
		t.Parallel()
		o := words.Run(t, "- write")
		o.DiedOf(t, syscall.SIGABRT)
		if r := victim.Complete(t, o.Stderr[strings.Index(o.Stderr, "Fatal error: "):]); r.StandardError != nil {
			t.Errorf("%q", r.StandardError)
		}
	})
}

// TestOddWrites: a write that is cancelled, interrupted, refused or not looked at ends as it does
// without Epitaph.
func TestOddWrites(t *testing.T) {
	for _, line := range []string{"- odd", "- odd-off"} {
		o, plain := words.Run(t, line), plainWords.Run(t, line)
		o.Exited(t, 0)
		if o.Stdout != plain.Stdout || !strings.Contains(o.Stdout, "cancelled 1, cleaned 1\nfull pipe: -1, errno "+strconv.Itoa(int(syscall.EINTR))+"\n") || strings.Count(o.Stdout, "\n") != 8 {
			t.Errorf("not as without Epitaph.\nWith it: %v\nWithout: %v", o, plain)
		}
	}
}

// TestRustPanic: a panic's reason, of a library that was loaded or linked in, with and without a
// backtrace behind it. Where the panic unwinds to extern "C", a second one with a whole backtrace follows.
func TestRustPanic(t *testing.T) {
	victim.NeedTools(t, "rustc")
	check := func(t *testing.T, program *victim.Program, line, backtrace string) {
		got := standardError(t, program, syscall.SIGABRT, line, victim.Env("RUST_BACKTRACE="+backtrace))
		if len(got) < 2 || !strings.Contains(got[0], "panicked at") || got[1] != "the answer is 42" {
			t.Errorf("%q", got)
		}
	}
	linked := &victim.Program{Name: "linked", Build: []string{"-tags=rust", "-ldflags=-extldflags '" + rustArchive.Path(t) + " -lgcc_s -ldl -lm'", "./words"}}
	for _, backtrace := range []string{"0", "1"} {
		t.Run("loaded/"+backtrace, func(t *testing.T) {
			t.Parallel()
			check(t, words, "library "+rustShared.Path(t), backtrace)
		})
		t.Run("unwinds/"+backtrace, func(t *testing.T) {
			t.Parallel()
			check(t, words, "library "+rustUnwinds.Path(t), backtrace)
		})
		t.Run("linked/"+backtrace, func(t *testing.T) {
			t.Parallel()
			check(t, linked, "linked", backtrace)
		})
	}
}
