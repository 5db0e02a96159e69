//go:build linux && (amd64 || arm64) && cgo

package godeath

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/blackbox"
	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// Where the goroutine has not called NotePanic, a copy of the process formats the
// panic.
const inCopy = "formatted in a copy of the process"

// died runs a kind without NotePanic and returns its report. Standard error and the
// end are those without Epitaph, and nothing is left of the copy.
func died(t *testing.T, p *victim.Program, line string, changes ...victim.Change) (*report.Report, *victim.Outcome) {
	t.Helper()
	dir := t.TempDir()
	o := run(t, p, line+" dir="+dir, changes...)
	same(t, o, run(t, p, line+" off=1", changes...))
	nothingLeft(t, o)
	return complete(t, onlyFile(t, dir)), o
}

// nothingLeft fails unless all processes of a child's group have ended. The copy is
// killed, which takes a moment.
func nothingLeft(t *testing.T, o *victim.Outcome) {
	t.Helper()
	var left []string
	for range 500 {
		if left = running(t, o.PID); len(left) == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("processes are left behind: %q", left)
}

// running are the processes of a group that have not ended, as /proc/N/stat shows
// them. Who takes note of those that have is not our affair.
func running(t *testing.T, group int) (stats []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(files) == 0 {
		t.Fatalf("no processes: %v", err)
	}
	for _, file := range files {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue // gone
		}
		var state string
		var parent, in int
		_, rest, _ := strings.Cut(string(stat), ") ")
		if _, err := fmt.Sscan(rest, &state, &parent, &in); err != nil {
			t.Fatalf("%s: %v in %q", file, err, stat)
		}
		if in == group && state != "Z" && state != "X" {
			stats = append(stats, string(stat))
		}
	}
	return stats
}

// formatted fails unless the panic of a report was formatted in a copy, with these
// lines in this order.
func formatted(t *testing.T, r *report.Report, lines ...string) {
	t.Helper()
	if r.Panic == nil || r.Panic.From != inCopy {
		t.Fatalf("the panic is %+v", r.Panic)
	}
	left := lines
	for _, line := range r.Panic.Lines {
		if len(left) > 0 && strings.Trim(line, " |+") == left[0] {
			left = left[1:]
		}
	}
	if len(left) > 0 {
		t.Errorf("no line %q, of %q, in:\n%s", left[0], lines, r.Panic.Bytes())
	}
}

const direct = "The above exception was the direct cause of the following exception:"

func TestErrorChain(t *testing.T) {
	again := slices.Clone(chainText) // shown once, and marked
	again[1] += " [recovered, repanicked]"
	for kind, want := range map[string][]string{
		"panic":            {"Traceback (most recent call last):", "panic: boom"},
		"error":            {"*errors.errorString: serve: read: disk gone"},
		"custom":           {"panic: (struct { a int; b int }) {a:1 b:2}"},
		"number":           {"panic: main.status(7)"},
		"nil":              {"runtime.errorString: runtime error: invalid memory address or nil pointer dereference"},
		"index":            {"runtime.boundsError: runtime error: index out of range [5] with length 3"},
		"nested":           {"panic: first", "During handling of the above exception, another exception occurred:", "panic: second"},
		"again":            {"panic: boom [recovered, repanicked]"},
		"exits":            {"*errors.errorString: after all"},
		"goroutine":        {"panic: boom"},
		"callback":         {"panic: in a callback"},
		"recovered":        {"panic: boom"},
		"chain":            chainText,
		"chain-goroutine":  chainText,
		"chain-nested":     append([]string{"panic: first"}, chainText...),
		"chain-again":      again,
		"chain-moved":      chainText,
		"chain-nil":        {"*runtime.PanicNilError: panic called with nil argument"},
		"chain-named":      {"main.named: disk gone"},
		"unwrap-returns":   {"*errors.errorString: disk gone", direct, "main.wrapper: outer"},
		"unwrap-recovers":  {"*errors.errorString: disk gone", direct, "main.wrapper: outer"},
		"unwrap-allocates": {"*errors.errorString: disk gone", direct, "main.wrapper: outer"},
		"unwrap-stack":     {"*errors.errorString: disk gone", direct, "main.wrapper: outer"},
		"unwrap-panics":    {"main.wrapper: outer", "Ignored panic in Unwrap: in Unwrap"},
		"unwrap-faults":    {"main.wrapper: outer", "Ignored panic in Unwrap: runtime error: invalid memory address or nil pointer dereference"},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			r, _ := died(t, plain, kind)
			formatted(t, r, want...)
		})
	}
}

var chainText = []string{
	"Exception Group Traceback (most recent call last):",
	"*errors.joinError: serve: 2 errors",
	"*fs.PathError: read: open /data: disk gone",
	"*errors.errorString: and more",
}

// The copy says the same as NotePanic does in the healthy process.
func TestErrorChainIsTheNote(t *testing.T) {
	for kind, noted := range map[string]string{
		"chain": "note-error", "panic": "note-string", "number": "note-number", "custom": "note-custom",
		"nil": "note-nil", "chain-nested": "note-nested", "chain-again": "note-again", "chain-goroutine": "note-goroutine",
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			copied, _ := died(t, plain, kind)
			note, _ := died(t, plain, noted)
			if got, want := messages(copied), messages(note); !slices.Equal(got, want) {
				t.Errorf("the copy says:\n%s\nNotePanic:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// messages are the lines of a panic but for those of stacks.
func messages(r *report.Report) []string {
	if r.Panic == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(r.Panic.Lines), func(line string) bool { return strings.Contains(line, "File ") })
}

// Of a fatal error there is no panic to tell.
func TestNoErrorChain(t *testing.T) {
	for _, kind := range []string{"map", "unlock", "fault", "stack", "memory", "collector", "nested-fatal", "panicking-error"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			o := run(t, plain, kind+" dir="+dir)
			o.Exited(t, 2)
			if r := complete(t, onlyFile(t, dir)); r.Panic != nil {
				t.Errorf("a panic in a fatal error: %+v", r.Panic)
			}
		})
	}
}

// What a method does in the copy has no effect: it has no files, and its end is not
// that of the process. The report says that the panic is missing, and is whole
// otherwise.
func TestErrorChainInVain(t *testing.T) {
	const noAnswer, failed = "not formatted: the copy of the process did not answer", "not formatted: the copy of the process failed"
	for kind, want := range map[string][]string{
		"unwrap-hangs":    {noAnswer},
		"unwrap-spins":    {noAnswer},
		"unwrap-prints":   {noAnswer}, // a write is a system call, after which the scheduler is asked
		"unwrap-crashes":  {noAnswer, failed},
		"unwrap-exits":    {failed},
		"unwrap-fatal":    {failed},
		"unwrap-recurses": {failed, noAnswer},
		"unwrap-forks":    {inCopy},
		"chain-changing":  {"not formatted: it has another text than Go has printed"},
		"chain-refused":   {"not formatted: the process could not be copied: operation not permitted"},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			r, o := died(t, plain, kind)
			if r.Panic == nil || !slices.Contains(want, r.Panic.From) {
				t.Errorf("the panic is %+v, want %q", r.Panic, want)
			}
			if o.Stdout != "" {
				t.Errorf("on standard output there is %q", o.Stdout)
			}
		})
	}
}

// The collector may be anywhere when the process dies, and other threads may hold any
// lock of the runtime's; a copy that meets one is given up, which is rare.
func TestErrorChainBusy(t *testing.T) {
	runs := 10
	if victim.Full {
		runs = 200
	}
	missing := 0
	for range runs {
		dir := t.TempDir()
		o := run(t, plain, "chain-busy dir="+dir)
		o.Exited(t, 2)
		nothingLeft(t, o)
		r := complete(t, onlyFile(t, dir))
		if r.Panic == nil {
			t.Fatalf("no word of the panic in:\n%s", ends(r.String()))
		}
		if r.Panic.From == inCopy {
			formatted(t, r, chainText...)
		} else {
			missing++
			t.Log(r.Panic.From)
		}
	}
	t.Logf("missing in %d of %d", missing, runs)
	if missing > runs/3 {
		t.Errorf("the panic is missing in %d of %d reports", missing, runs)
	}
}

func TestErrorChainVariants(t *testing.T) {
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			changes := v.surroundings(t)
			for _, kind := range []string{"chain-nested", "unwrap-faults"} {
				r, _ := died(t, v.program, kind+v.settings, changes...)
				formatted(t, r, map[string][]string{
					"chain-nested":  append([]string{"panic: first"}, chainText...),
					"unwrap-faults": {"main.wrapper: outer", "Ignored panic in Unwrap: runtime error: invalid memory address or nil pointer dereference"},
				}[kind]...)
			}
		})
	}
}

// A Disable that main has deferred runs before its panic ends the program, which is to
// be reported all the same; the box must not tell of a good end either.
func TestDeferredDisable(t *testing.T) {
	box := filepath.Join(t.TempDir(), "box")
	r, _ := died(t, plain, "disable-deferred box="+box)
	formatted(t, r, chainText...)
	b, err := blackbox.Open(box)
	if err != nil {
		t.Fatal(err)
	}
	if b.End.Kind != blackbox.Crashed {
		t.Errorf("the box says %v, %s", b.End.Kind, b.End.Detail)
	}
	dir := t.TempDir()
	o := run(t, plain, "disable-recovered dir="+dir)
	o.Exited(t, 2)
	if files, err := filepath.Glob(dir + "/*"); o.Stdout != "enabled: false\n" || len(files) > 0 || err != nil {
		t.Errorf("disabled where the panic was recovered: %q, reports %q, %v", o.Stdout, files, err)
	}
}

// Threads that die at the same time, and a black box, get the same.
func TestErrorChainElsewhere(t *testing.T) {
	for range 5 {
		dir := t.TempDir()
		o := run(t, plain, "at-once dir="+dir)
		o.Exited(t, 2)
		nothingLeft(t, o)
		formatted(t, complete(t, onlyFile(t, dir)), "panic: boom")
	}
	r, _ := died(t, plain, "chain alone=1")
	formatted(t, r, chainText...)
	if r.Process == nil {
		t.Error("no process")
	}
}

// Where a fork is forbidden on pain of death, the process dies of it, but not before all
// else was said; unless it is told not to fork.
func TestErrorChainForbidden(t *testing.T) {
	dir := t.TempDir()
	o := run(t, plain, "chain-forbidden dir="+dir)
	o.DiedOf(t, syscall.SIGSYS)
	r, err := report.Parse([]byte(onlyFile(t, dir)))
	if err != nil {
		t.Fatal(err)
	}
	if r.Complete() || r.Panic != nil || r.GoText == nil || len(r.Threads) == 0 || r.Idle == nil || r.Goroutines == nil || len(r.Modules) == 0 || len(r.Breadcrumbs) != 1 {
		t.Errorf("not all but the panic and the end:\n%s", ends(r.String()))
	}
	r, _ = died(t, plain, "chain-forbidden nofork=1")
	if r.Panic != nil {
		t.Errorf("the panic was told: %+v", r.Panic)
	}
}
