//go:build linux && amd64 && cgo

package edges

import (
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// ruled runs code that calls C, which runs code that faults, and returns the frames from the
// fault to the C function that began it.
func ruled(t *testing.T, line string) (*report.Report, []report.Frame) {
	t.Helper()
	o := run(t, "ruled "+line)
	o.DiedOf(t, syscall.SIGSEGV)
	r := victim.Complete(t, o.Stderr)
	for i, f := range r.Current().Frames {
		if f.Name() == "ruled_run" {
			return r, r.Current().Frames[:i+1]
		}
	}
	return r, nil
}

func names(frames []report.Frame) string {
	var all []string
	for _, f := range frames {
		name := f.Name()
		if f.Kind == report.CodeFrame {
			name = "code " + f.Func
		}
		if f.How != report.Exact {
			name += " by " + f.How.String()
		}
		all = append(all, name)
	}
	return strings.Join(all, ", ")
}

// TestRuledCode: what a JIT compiler tells libgcc's unwinder, or a debugger, leads through code
// that leaves no frame pointer; a debugger gets names, too.
func TestRuledCode(t *testing.T) {
	for told, want := range map[string]string{
		"unwinder": "code , ruled_between, code , ruled_run",
		"debugger": "code inner_rule, ruled_between, code outer_rule, ruled_run",
	} {
		t.Run(told, func(t *testing.T) {
			t.Parallel()
			r, frames := ruled(t, "told="+told)
			if got := names(frames); got != want {
				t.Errorf("%q, want %q in:\n%s", got, want, r)
			}
			shows(t, r, "ruled_run", "main.main")
		})
	}
}

// TestRulesTakenBack: what is told no longer is not used, and without it the callers are guesses.
func TestRulesTakenBack(t *testing.T) {
	for _, told := range []string{"nobody", "taken-back"} {
		t.Run(told, func(t *testing.T) {
			t.Parallel()
			r, _ := ruled(t, "told="+told)
			if f := r.Current().Frames[1]; f.How == report.Exact {
				t.Errorf("%q is certain in:\n%s", f, r)
			}
		})
	}
}

// TestDamagedRules: a list for debuggers that is damaged, or half written, is read as far as it
// makes sense; the report is complete, and soon.
func TestDamagedRules(t *testing.T) {
	for damage, certain := range map[string]bool{"ring": true, "wild": true, "half": false, "garbage": false, "endless": false} {
		t.Run(damage, func(t *testing.T) {
			t.Parallel()
			r, frames := ruled(t, "told=debugger damage="+damage)
			caller := r.Current().Frames[1]
			if got := caller.How == report.Exact && caller.Name() == "ruled_between"; got != certain {
				t.Errorf("the caller is %q, %v; frames %q in:\n%s", caller, caller.How, names(frames), r)
			}
		})
	}
}
