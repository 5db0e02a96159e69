package crashtest

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A GoldenOption changes what [Result.Golden] writes.
type GoldenOption func(*golden)

type golden struct{ lines bool }

// WithLines has the numbers of lines in the file. It then has to be written anew when
// code above a call is changed.
func WithLines() GoldenOption { return func(g *golden) { g.lines = true } }

// Golden is Want with the pattern that testdata/crash/<name of the test>.golden holds.
// A file <name>.gcc.golden or <name>.clang.golden comes first where that compiler has built
// the binary. Without a file the test fails, and writes <name>.golden.new beside it; with
// CRASHTEST_UPDATE=1 it writes the file, also when the pattern does not fit.
//
// The file has what holds on another machine and in another directory: how the process
// ended, why, and the functions of the crash's stack with the last parts of their files'
// names. Not in it are other threads and goroutines, addresses, process and user numbers,
// directories, how deep a recursion was, and which check of libc's allocator found a double
// free. It holds for one compiler and its flags, and one C library where that has
// said why it aborts; edit it, with * and ..., to have it hold for more.
func (r *Result) Golden(opts ...GoldenOption) *Result {
	r.t.Helper()
	var g golden
	for _, opt := range opts {
		opt(&g)
	}
	path := filepath.Join(startDir, "testdata", "crash", filepath.FromSlash(fileName(r.t.Name())))
	file := path + ".golden"
	if special := path + "." + r.compiler + ".golden"; r.compiler != "" && exists(special) {
		file = special
	}
	text, err := os.ReadFile(file)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		r.t.Fatalf("crashtest: %v", err)
	}
	what, why := r.end()
	stack := r.stack()
	now := write(what, why, stack, g.lines)
	name, _ := filepath.Rel(startDir, file)
	switch {
	case updating() && nameless(stack) > 0:
		r.fail("%s is not written: it would have functions without names", name)
	case updating():
		if missing || !r.fits(string(text)) {
			r.write(file, now)
		}
	case missing:
		r.write(file+".new", now)
		r.fail("there is no %s; %s.new has what happened:\n%s", name, filepath.Base(file), indent(now))
	default:
		r.want(string(text), name+": ")
	}
	return r
}

// fits is want without a failure.
func (r *Result) fits(text string) bool {
	p, err := parsePattern(text, false)
	return err == nil && r.compareEnd(p) == "" && r.compareStack(p) == ""
}

func (r *Result) write(file, text string) {
	r.t.Helper()
	err := os.MkdirAll(filepath.Dir(file), 0o777)
	if err == nil {
		err = os.WriteFile(file, []byte(text), 0o666)
	}
	if err != nil {
		r.t.Errorf("crashtest: %v", err)
	}
}

// updating tells whether golden files are to be written. The flag is the test's own, if
// it has one: two packages that define the same one do not link.
func updating() bool {
	if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
		return true
	}
	on := os.Getenv("CRASHTEST_UPDATE")
	return on != "" && on != "0"
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// fileName makes a test's name one that every file system takes.
func fileName(name string) string {
	return strings.Map(func(c rune) rune {
		if strings.ContainsRune(`\:*?"<>|`, c) || c < ' ' {
			return '_'
		}
		return c
	}, name)
}
