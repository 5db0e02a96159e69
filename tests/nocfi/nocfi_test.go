//go:build linux && (amd64 || arm64) && cgo

// Package nocfi tests stacks through code that has no call frame information for exceptions:
// by .debug_frame where that is there, by the instructions where it is not.
package nocfi

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

const limit = 20 * time.Second

var (
	plain    = &victim.Program{Build: []string{"./victim"}, Limit: limit}
	programs = map[string]*victim.Program{
		"debug_frame": plain,
		"pie/names":   {Build: []string{"-buildmode=pie", "-ldflags=-w", "./victim"}, Limit: limit},
	}
	more = map[string]*victim.Program{
		"names":  {Build: []string{"-ldflags=-w", "./victim"}, Limit: limit},
		"static": {Build: []string{"-ldflags=-extldflags=-static", "./victim"}, Limit: limit, Env: []string{"CGO_LDFLAGS=-Wl,--no-warnings"}},
	}
)

func TestMain(m *testing.M) { os.Exit(victim.Main(m)) }

// below are the frames under each fault, up to the Go code that called.
var below = []string{"nocfi_saved", "nocfi_room", "nocfi_call", "_cgo_X_Cfunc_nocfi_call"}

var faults = map[string]string{
	"null": "nocfi_null", "pushes": "asm_pushes", "framed": "asm_framed", "prologue": "asm_prologue", "epilogue": "asm_epilogue",
}

var cgoHash = regexp.MustCompile(`^_cgo_[0-9a-f]{12}_`)

func name(function string) string { return cgoHash.ReplaceAllString(function, "_cgo_X_") }

// cNames are the functions of C of a stack; with what makes them doubtful, if anything.
func cNames(frames []report.Frame) []string {
	var names []string
	for _, f := range frames {
		n := name(f.Func)
		if f.How != report.Exact {
			n += " " + f.How.String()
		}
		names = append(names, n)
		if n == below[len(below)-1] {
			break
		}
	}
	return names
}

func TestStacks(t *testing.T) {
	if victim.Full {
		maps.Copy(programs, more)
	}
	for build, program := range programs {
		for fault, function := range faults {
			t.Run(build+"/"+fault, func(t *testing.T) {
				t.Parallel()
				o := program.Run(t, fault)
				o.DiedOf(t, syscall.SIGSEGV)
				r := victim.Complete(t, o.Stderr)
				want := append([]string{function}, below...)
				frames := r.Current().Frames
				if got := cNames(frames); !slices.Equal(got, want) {
					t.Errorf("%q, want %q\n%s", got, want, o.Stderr)
				}
				if last := frames[len(frames)-1].Func; last != "runtime.goexit" && last != "runtime.main" && last != "main.main" {
					t.Errorf("the stack ends at %s\n%s", last, o.Stderr)
				}
			})
		}
	}
}

// TestLikeGDB holds the stacks against gdb's where gdb is right: it has .debug_frame for C, and
// knows frame pointers. Assembly that has neither it gets wrong.
func TestLikeGDB(t *testing.T) {
	victim.NeedTools(t, "gdb")
	frame := regexp.MustCompile(`(?m)^#\d+ +(?:0x[0-9a-f]+ in )?(\w+) \(`)
	for _, fault := range []string{"null", "framed"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			path := plain.Path(t)
			o := victim.Run(t, "gdb", []string{"-nx", "-batch", "-iex", "set auto-load off", "-iex", "set debuginfod enabled off",
				"-ex", "run", "-ex", "bt 5", "--args", path, fault, "off=1"}, victim.Limit(time.Minute))
			var want []string
			for _, m := range frame.FindAllStringSubmatch(o.Stdout, -1) {
				want = append(want, name(m[1]))
			}
			if strings.Contains(o.Stderr, "ptrace: Operation not permitted") {
				t.Skip("this machine does not let gdb run a program")
			}
			if len(want) != 5 {
				t.Fatalf("gdb shows no stack: %v", o)
			}
			r := victim.Complete(t, plain.Run(t, fault).Stderr)
			if got := cNames(r.Current().Frames); !slices.Equal(got, want) {
				t.Errorf("%q, gdb has %q", got, want)
			}
		})
	}
}
