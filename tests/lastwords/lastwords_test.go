//go:build linux && (amd64 || arm64) && cgo && !nocxx

// Package lastwords tests what a report says of uncaught C++
// exceptions, and that asking for it changes nothing else. Every crash is that of a
// child process.
package lastwords

import (
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

var (
	program = &victim.Program{Build: []string{"./victim"}}
	static  = &victim.Program{Name: "static", Build: []string{"-ldflags=-linkmode external -extldflags -static", "./victim"}}
	loader  = &victim.Program{Name: "loader", Build: []string{"./loader"}}
	plugin  = &victim.Program{Name: "plugin.so", Compiler: []string{"c++", "-shared", "-fPIC"}, Build: []string{"plugin/plugin.cc"}}
)

// both are the ways to link the program, by the names of the subtests.
var both = map[string]*victim.Program{"victim": program, "static": static}

func TestMain(m *testing.M) { os.Exit(victim.Main(m)) }

// An outcome is how a child ended, and its report.
type outcome struct {
	*victim.Outcome
	report *report.Report // nil: there is none
}

func run(t *testing.T, program *victim.Program, line string) *outcome {
	t.Helper()
	o := &outcome{Outcome: program.Run(t, line)}
	if strings.Contains(o.Stderr, "Fatal error: ") {
		o.report = victim.Complete(t, o.Stderr)
		if o.report.Layout != "" || !strings.HasSuffix(o.Stderr, o.report.String()) {
			t.Errorf("the report is not all there is at the end:\n%s", o.Stderr)
		}
	}
	return o
}

// says fails unless the process died of a signal and the report has exactly these messages.
func (o *outcome) says(t *testing.T, signal syscall.Signal, messages ...string) {
	t.Helper()
	if o.report == nil || !o.IsDeath(signal) || !slices.Equal(o.report.Messages, messages) {
		t.Errorf("want death by %v, and the messages %q: %v", signal, messages, o)
	}
}

const throwing = "terminate called after throwing an instance of "

func TestException(t *testing.T) {
	for name, want := range map[string]string{
		"int":          "'int'",
		"pointer":      "'char const*'",
		"template":     "'demo::Box<std::vector<int, std::allocator<int> > >'",
		"derived":      "'demo::Derived'; what(): of a virtual base",
		"rethrow":      "'std::out_of_range'; what(): first thrown elsewhere",
		"noexcept":     "'std::runtime_error'; what(): out of noexcept",
		"what-catches": "'demo::Catcher'; what(): caught its own",
		"odd":          "'std::runtime_error'; what(): a \"quote\", a \\x5c, \u0416, \\xff, a line\\x0aand \\x1b[31m",
		"long":         "'std::runtime_error'; what(): " + strings.Repeat("x", 500-len(throwing)-len("'std::runtime_error'; what(): ")) + "...",
	} {
		for link, program := range both {
			t.Run(name+"/"+link, func(t *testing.T) {
				t.Parallel()
				run(t, program, name+" enable").says(t, syscall.SIGABRT, throwing+want)
			})
		}
	}
}

// What is asked may go wrong in any way: there is a report, and it has what was
// known until then.
func TestWhatMisbehaves(t *testing.T) {
	for link, program := range both {
		t.Run(link, func(t *testing.T) {
			t.Parallel()
			o := run(t, program, "what-throws enable")
			o.says(t, syscall.SIGABRT, throwing+"'demo::Silent'; its what() throws an exception")
			if !strings.HasPrefix(o.Stderr, throwing+"'demo::Silent'\n") {
				t.Errorf("the runtime's own handler was not called:\n%s", o.Stderr)
			}
			run(t, program, "what-faults enable").says(t, syscall.SIGSEGV, throwing+"'demo::Faulter'")
			run(t, program, "what-null quiet enable").says(t, syscall.SIGABRT, throwing+"'demo::Silent'")
			run(t, program, "what-wild quiet enable").says(t, syscall.SIGABRT, throwing+"'demo::Wild'; what(): ")
			// The runtime's own handler prints what the hook only peeks at, and faults.
			run(t, program, "what-wild enable").says(t, syscall.SIGSEGV, throwing+"'demo::Wild'; what(): ")
		})
	}
}

// The program's own handler of std::terminate is called as it would be, and
// only when it would be; also when what() throws.
func TestOwnHandler(t *testing.T) {
	const message = throwing + "'int'"
	o := run(t, program, "int own enable")
	o.says(t, syscall.SIGABRT, message)
	if !strings.HasPrefix(o.Stderr, "OWN\n") {
		t.Errorf("the program's handler was not called:\n%s", o.Stderr)
	}
	o = run(t, program, "what-throws own enable")
	o.says(t, syscall.SIGABRT, throwing+"'demo::Silent'; its what() throws an exception")
	if !strings.HasPrefix(o.Stderr, "OWN\n") {
		t.Errorf("the program's handler was not called:\n%s", o.Stderr)
	}
	// In front of ours: without a call of ours nothing is known.
	o = run(t, program, "int enable own")
	o.says(t, syscall.SIGABRT)
	if strings.Count(o.Stderr, "OWN\n") != 1 {
		t.Errorf("the program's handler was not called once:\n%s", o.Stderr)
	}
	// In front of ours, which it calls; enabling again must not make a ring.
	o = run(t, program, "int enable own-chain enable disable enable")
	o.says(t, syscall.SIGABRT, message)
	if strings.Count(o.Stderr, "OWN\n") != 1 {
		t.Errorf("the program's handler was not called once:\n%s", o.Stderr)
	}
}

func TestDisabled(t *testing.T) {
	o := run(t, program, "int own enable is-own disable is-own")
	if o.report != nil || o.Stdout != "0\n1\n" || !strings.HasPrefix(o.Stderr, "OWN\n") {
		t.Errorf("standard output %q, standard error:\n%s", o.Stdout, o.Stderr)
	}
}

// The words are those of the thread that is reported. (The runtime's own handler
// would print into the report that other threads terminate too.)
func TestThreadsTogether(t *testing.T) {
	for range 10 {
		o := run(t, program, "many quiet enable")
		if o.report == nil || !o.IsDeath(syscall.SIGABRT) || len(o.report.Messages) > 1 ||
			len(o.report.Messages) == 1 && o.report.Messages[0] != throwing+"'std::runtime_error'; what(): one of many" {
			t.Fatal(o)
		}
	}
}

// A C++ runtime that comes with a library which is loaded later is found too.
func TestPlugin(t *testing.T) {
	run(t, loader, plugin.Path(t)).says(t, syscall.SIGABRT, throwing+"'std::runtime_error'; what(): of a plugin")
}
