//go:build linux && (amd64 || arm64) && cgo

// Package exits tests how the ordinary ends of a program, main's return, os.Exit and C's
// exits, get along with a crash, and what the black box says of them. Each end is that of
// a child process, the program victim.
package exits

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
)

func built(env []string, flags ...string) *victim.Program {
	return &victim.Program{Build: append(flags, "./victim"), Env: env, Limit: 20 * time.Second}
}

const static = "-ldflags=-linkmode external -extldflags -static"

var (
	program = built(nil)
	// slow is a shared library whose destructor takes two seconds.
	slow = &victim.Program{Name: "slow.so", Compiler: []string{"cc", "-shared", "-fPIC"}, Build: []string{"testdata/slow.c"}}
)

func TestMain(m *testing.M) { os.Exit(victim.Main(m)) }

// A variant is another way to build the victim.
type variant struct {
	name    string
	program *victim.Program
	static  bool // loads no libraries
	nowrap  bool // nothing sees _exit
	always  bool // not only with EPITAPH_MATRIX=full
}

var variants = []variant{
	{name: "plain", program: program, always: true},
	{name: "pie", program: built(nil, "-buildmode=pie")},
	{name: "static", program: built(nil, static), static: true, always: true},
	{name: "musl", program: built([]string{"CC=musl-gcc"}, static), static: true},
	{name: "nowrap", program: built(nil, "-tags=epitaph_nowrap"), nowrap: true},
	{name: "race", program: built(nil, "-race")},
	{name: "go1.27", program: built([]string{"GOTOOLCHAIN=go1.27.4"})},
	{name: "gold", program: built(nil, "-ldflags=-extldflags=-fuse-ld=gold")},
	{name: "mold", program: built(nil, "-ldflags=-extldflags=-fuse-ld=mold")},
	{name: "lto", program: built([]string{"CGO_CFLAGS=-O2 -g -flto", "CGO_LDFLAGS=-O2 -g -flto"})},
}

// each runs a test for all of them that can be built here.
func each(t *testing.T, test func(t *testing.T, v variant)) {
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			if !v.always && !victim.Full {
				t.Skip("only with EPITAPH_MATRIX=full")
			}
			if _, err := v.program.Make(); err != nil && isMissing(err) {
				t.Skip(err)
			}
			test(t, v)
		})
	}
}

// The ways to end. Of these log.Fatal's status is its own.
var ways = []string{"return", "exit", "fatal", "c-exit", "c-quick", "c-now", "c-exit thread=1", "c-now thread=1"}

// isMissing tells whether a build failed for want of a compiler or a linker.
func isMissing(err error) bool {
	for _, tool := range []string{"toolchain", "musl-gcc", "cannot find 'ld", "cannot find ‘ld"} {
		if strings.Contains(err.Error(), tool) {
			return true
		}
	}
	return false
}

func (v variant) can(how string) bool { return !v.nowrap || !strings.HasPrefix(how, "c-now") }

// died fails the test unless the crash has ended the program, and is reported.
func died(t *testing.T, o *victim.Outcome) {
	t.Helper()
	o.DiedOf(t, syscall.SIGSEGV)
	victim.Complete(t, o.Stderr)
}

// Without Epitaph the crash ends the program each time.
func TestCrashWins(t *testing.T) {
	each(t, func(t *testing.T, v variant) {
		rounds := 1
		if victim.Full && v.program == program {
			rounds = 84 // of 3 pauses: 252 of each way
		} else if victim.Full {
			rounds = 2
		}
		for _, how := range ways {
			for _, ms := range []int{1, 5, 100} {
				if !v.can(how) || (!victim.Full && ms == 5) {
					continue
				}
				t.Run(fmt.Sprintf("%s/%d", how, ms), func(t *testing.T) {
					t.Parallel()
					for range rounds {
						died(t, v.program.Run(t, fmt.Sprintf("race how=%s ms=%d", how, ms)))
					}
				})
			}
		}
	})
}

// The crash hook of the program is a part of the crash. With those of TestCrashWins these are more
// than a thousand runs of main's return, os.Exit, C's exit and an end during a hook.
func TestLastActGoesOn(t *testing.T) {
	for _, how := range ways {
		for _, ms := range []int{1, 5, 100} {
			if !victim.Full && ms != 100 {
				continue
			}
			t.Run(fmt.Sprintf("%s/%d", how, ms), func(t *testing.T) {
				t.Parallel()
				for range victim.Rounds(11) {
					died(t, program.Run(t, fmt.Sprintf("race oncrash=sleep how=%s ms=%d", how, ms)))
				}
			})
		}
	}
}

// An exit waits no longer than the crash may take.
func TestWaitEnds(t *testing.T) {
	for _, how := range []string{"return", "c-exit", "c-now"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			o := program.Run(t, "race oncrash=hang deadline=1s ms=50 how="+how)
			o.DiedOf(t, syscall.SIGSEGV)
			if o.Elapsed > 10*time.Second {
				t.Error(o)
			}
		})
	}
}

// What atexit has registered runs before the destructors of libraries: a crash in the
// midst of them stops them.
func TestCrashInDestructors(t *testing.T) {
	each(t, func(t *testing.T, v variant) {
		if v.static {
			t.Skip("a static program loads no libraries")
		}
		for _, how := range []string{"c-exit", "c-exit thread=1"} {
			t.Run(how, func(t *testing.T) {
				t.Parallel()
				died(t, v.program.Run(t, "destructor how="+how+" library="+slow.Path(t)))
			})
		}
	})
}

// A fault that a host resolves holds an exit up only until it is resolved.
func TestResolvedFaultsLetGo(t *testing.T) {
	for _, how := range ways {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			want := 4
			switch how {
			case "return":
				want = 0
			case "fatal":
				want = 1
			}
			o := program.Run(t, "host takes=200 deadline=15s status=4 how="+how)
			o.Exited(t, want)
			if o.Elapsed > 10*time.Second {
				t.Errorf("took %v", o.Elapsed)
			}
			o = program.Run(t, "recover deadline=15s status=4 how="+how)
			o.Exited(t, want)
			if o.Elapsed > 10*time.Second {
				t.Errorf("with faults of Go's it took %v", o.Elapsed)
			}
		})
	}
}

// What is pending survives execve, its handler does not: no signal of the core's kills the program
// that another one goes on as.
func TestExecGoesOn(t *testing.T) {
	for _, line := range []string{"within=0", "within=5", "within=20 spin=4", "within=20 spin=2 dump=1"} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			for range victim.Rounds(2500) { // 10,000 in all
				o := program.Run(t, "exec "+line)
				o.Exited(t, 0)
				victim.NoReport(t, o.Stderr)
			}
		})
	}
}

// A healthy program ends as it does without Epitaph.
func TestHealthyExits(t *testing.T) {
	each(t, func(t *testing.T, v variant) {
		for _, how := range ways {
			t.Run(how, func(t *testing.T) {
				t.Parallel()
				o := v.program.Run(t, "leave status=5 how="+how)
				off := v.program.Run(t, "leave off=1 status=5 how="+how)
				if o.End() != off.End() || len(o.Stdout) != len(off.Stdout) || o.Stderr != off.Stderr {
					t.Errorf("%v\nwithout Epitaph:\n%v", o, off)
				}
			})
		}
	})
}
