//go:build linux && amd64 && cgo

// Package goruntime runs the test programs of the Go distribution with Epitaph and
// without, and holds the two against each other: how they end and what they print.
// They were not written here, and each is there because something broke once.
package goruntime

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// A mode is a way to switch Epitaph on.
type mode struct {
	name    string
	epitaph string // the environment variable; "" leaves it unset
	dir     bool   // reports and the black box go to files
}

var modes = []mode{
	{name: "unset"},
	{name: "1", epitaph: "1"},
	{name: "chain", epitaph: "chain=1"},
	{name: "files", dir: true},
}

// A run is one of the programs in an environment that its test in the distribution
// uses, or in none.

// environments are of those that do another thing in one.
var environments = map[string][]string{
	"CgoCatchPanic":     {"GOTRACEBACK=crash", "GOTRACEBACK=crash CGOCATCHPANIC_EARLY_HANDLER=1"},
	"CgoCheckBytes":     {"GODEBUG=cgocheck=1"},
	"CgoSigfwd":         {"GO_TEST_CGOSIGFWD=1"},
	"FinalizerDeadlock": {"GO_TEST_FINALIZER_DEADLOCK=1"},
	"SegvInCgo":         {"GOTRACEBACK=crash"},
	"CrashTraceback":    {"GOTRACEBACK=system"},
	"StackOverflow":     {"GOTRACEBACK=crash", "GOTRACEBACK=none"},
	"DoublePanic":       {"GOTRACEBACK=crash", "GOTRACEBACK=none"},
}

// telling are those that run always; the others when everything is asked for.
var telling = []string{
	"CgoCatchPanic", "CgoExternalThreadPanic", "CgoExternalThreadSignal", "CgoPanicDeadlock", "CgoSigfwd", "CgoSignalDeadlock",
	"CgoExecSignalMask", "CrashTraceback", "LockOSThreadMain", "NotInGoMetricCgoCallback", "SegvInCgo", "SigStack",
	"TgkillSegvInCgo", "TracebackSigpanic", "Breakpoint", "DoublePanic", "GCZombie", "StackOverflow", "ThreadExhaustion",
}

func TestPrograms(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			p.build(t)
			for _, name := range p.list(t) {
				if !victim.Full && !slices.Contains(telling, name) {
					continue
				}
				p.compare(t, name, "")
				for _, env := range environments[name] {
					p.compare(t, name, env)
				}
			}
		})
	}
}

// compare runs one of the programs without Epitaph and in each of the modes.
func (p *program) compare(t *testing.T, name, env string) {
	run := strings.TrimSpace(name + " " + env)
	t.Run(run, func(t *testing.T) {
		if why, ok := left[name]; ok {
			t.Skip(why)
		}
		t.Parallel()
		want := p.outcome(t, p.without, name, env, mode{})
		for _, m := range modes {
			got := p.outcome(t, p.with, name, env, m)
			if d := expected(p.name, name, run, m.name); d != nil {
				if err := d.check(m, got, want); err != nil {
					t.Errorf("%s: not the difference that is known (%s): %v\n%v", m.name, d.why, err, got)
				}
			} else if !got.equal(want) {
				t.Errorf("%s: it ends otherwise\n%v\n== without\n%v", m.name, got, want)
			}
		}
	})
}

// What can be compared of a run.
type outcome struct {
	end, stdout, stderr string
	whole               string   // standard error as it is
	files               []string // the reports in files
}

func (o outcome) equal(other outcome) bool {
	return o.end == other.end && o.stdout == other.stdout && o.stderr == other.stderr
}

func (o outcome) String() string {
	return fmt.Sprintf("%s; standard output:\n%s\nstandard error:\n%s", o.end, o.stdout, o.stderr)
}

func (p *program) outcome(t *testing.T, program *victim.Program, name, env string, m mode) outcome {
	t.Helper()
	dir := t.TempDir()
	changes := []victim.Change{victim.Limit(30 * time.Second), victim.Unset("EPITAPH", "GOTRACEBACK"), victim.Env("RUNTIME_TEST_SHORT=1", "TMPDIR="+dir)}
	if env != "" {
		changes = append(changes, victim.Env(strings.Fields(env)...))
	}
	if m.dir {
		m.epitaph = "dir=" + dir + ",blackbox=" + filepath.Join(dir, "box")
	}
	if m.epitaph != "" {
		changes = append(changes, victim.Env("EPITAPH="+m.epitaph))
	}
	o := program.Run(t, name, changes...)
	got := outcome{end: o.End(), stdout: steady(printed(name, o.Stdout)), stderr: steady(strings.TrimSpace(shown(name, o.Stderr))), whole: o.Stderr}
	files, err := filepath.Glob(filepath.Join(dir, "*.crash"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got.files = append(got.files, string(text))
	}
	return got
}

// shown is what is compared of standard error.
func shown(name, text string) string {
	if slices.Contains(firstLines, name) {
		line, _, _ := strings.Cut(text, "\n")
		return line
	}
	return firstBlocks(text)
}

// printed is what is compared of standard output.
func printed(name, text string) string {
	if slices.Contains(traces, name) {
		return ""
	}
	return text
}

// firstBlocks is a dump of Go's up to the end of the first goroutine: Epitaph has some
// of its own, which come behind it.
func firstBlocks(text string) string {
	first := strings.Index(text, "\ngoroutine ")
	if first < 0 {
		return text
	}
	if end := strings.Index(text[first:], "\n\n"); end >= 0 {
		return text[:first+end]
	}
	return text
}

// What differs from run to run.
var unsteady = []struct {
	pattern *regexp.Regexp
	text    string
}{
	{regexp.MustCompile(`0x[0-9a-f]+\b`), "0x?"},
	{regexp.MustCompile(`\b(goroutine|g|freeindex=|m=|PC=|sigcode=|created by .* in goroutine|pid) ?\d+`), "$1 ?"},
	{regexp.MustCompile(regexp.QuoteMeta(os.TempDir()) + `[^\s:]*`), "FILE"},
	{regexp.MustCompile(`\b\d+(\.\d+)?(ns|us|µs|ms|s)\b`), "TIME"},
}

func steady(text string) string {
	for _, u := range unsteady {
		text = u.pattern.ReplaceAllString(text, u.text)
	}
	return text
}
