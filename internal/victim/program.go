//go:build linux

// Package victim is for tests that make a program crash: it builds the program,
// runs it by package child, as package crashtest does, and reads the reports out of
// what it wrote. No program but a test imports it; what the victims themselves have
// in common is in package scenario.
//
//	var program = &victim.Program{Build: []string{"-tags", "epitaph_test", "./victim"}, Limit: 10 * time.Second}
//
//	func TestMain(m *testing.M) { os.Exit(victim.Main(m)) }
//
//	func TestCrash(t *testing.T) {
//		o := program.Run(t, "crash place=thread", victim.Env("GOTRACEBACK=crash"))
//		o.DiedOf(t, syscall.SIGSEGV)
//		r := victim.Complete(t, o.Stderr)
//		...
//	}
//
// [Program.Start] instead of Run is for a test that has something to do while
// the program runs; with the change [Talk] the two talk to each other.
package victim

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/child"
)

// Full says that the long run was asked for: every case, and more repetitions.
var Full = os.Getenv("EPITAPH_MATRIX") == "full"

// Rounds is how often a test repeats what must hold each time: n times in the long run, else
// once.
func Rounds(n int) int {
	if Full && n > 1 {
		return n
	}
	return 1
}

// A Program is one way to build a program. It is built once in a test process,
// when it is first needed, from the directory of the test.
type Program struct {
	Name     string        // of the file; "" is "victim"
	Compiler []string      // a command that takes -o FILE; nil is "go build"
	Build    []string      // its arguments behind -o FILE: flags and what is built
	Env      []string      // added to its environment
	Limit    time.Duration // no run may outlast it; 0 is [DefaultLimit]

	once sync.Once
	path string
	err  error
}

// built are the directories of the programs, for Main. The lock is also there to
// have one build at a time: each uses all processors.
var built struct {
	sync.Mutex
	dirs []string
}

// SymbolCache is the environment variable that names the children a directory for
// handler.WithSymbolCache. Most of the processor's time of a child that crashes would go
// into reading its own DWARF, and libc's.
const SymbolCache = "EPITAPH_VICTIM_SYMBOLS"

// Main runs the tests and removes the programs that they built. It returns the
// status to exit with. Every package that has a [Program] calls it in TestMain.
func Main(m *testing.M) int {
	if dir, err := os.MkdirTemp("", "symbols"); err == nil {
		defer os.RemoveAll(dir)
		os.Setenv(SymbolCache, dir)
	}
	child.DefaultSignals()
	defer func() {
		for _, dir := range built.dirs {
			os.RemoveAll(dir)
		}
	}()
	return m.Run()
}

// Path returns the file of the program, and fails the test if it cannot be built. Where
// programs are built [Elsewhere], it skips the test if this one was not.
func (p *Program) Path(t testing.TB) string {
	t.Helper()
	path, err := p.Make()
	need(t, err)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Make builds the program if that was not done before, and returns its file. It
// is safe for concurrent use.
func (p *Program) Make() (string, error) {
	p.once.Do(func() { p.path, p.err = p.build() })
	return p.path, p.err
}

func (p *Program) build() (string, error) {
	if below := os.Getenv(Elsewhere); below != "" {
		return p.find(below)
	}
	built.Lock()
	defer built.Unlock()
	dir, err := os.MkdirTemp("", "victim")
	if err != nil {
		return "", err
	}
	built.dirs = append(built.dirs, dir)
	// Some tests run the program as another user.
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(dir, p.file())
	cmd := p.command(path)
	cmd.Env = append(cmd.Environ(), p.Env...)
	return path, run(cmd)
}

// file is the name of the program's file.
func (p *Program) file() string { return cmp.Or(p.Name, "victim") }

// command builds the program.
func (p *Program) command(path string) *exec.Cmd {
	args := []string{"go", "build"}
	if p.Compiler != nil {
		args = p.Compiler
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Args = append(append(cmd.Args, "-o", path), p.Build...)
	return cmd
}

// Start starts the program with the arguments of a line, which are separated by
// spaces; [Args] adds one with spaces in it. The changes are made in their order.
func (p *Program) Start(t testing.TB, line string, changes ...Change) *Child {
	t.Helper()
	limit := p.Limit
	if limit == 0 {
		limit = DefaultLimit
	}
	return Start(t, p.Path(t), strings.Fields(line), append([]Change{Limit(limit)}, changes...)...)
}

// Run starts the program, and waits for its end as [Child.Wait] does.
func (p *Program) Run(t testing.TB, line string, changes ...Change) *Outcome {
	t.Helper()
	return p.Start(t, line, changes...).Wait()
}
