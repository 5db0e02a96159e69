//go:build linux && (amd64 || arm64) && cgo

package edges

import (
	"fmt"
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

// stages are the names in the core's table, so that a new one is tested too.
func stages(t *testing.T) []string {
	t.Helper()
	source, err := os.ReadFile("../../native/report/report.c")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(source), "} stages[] = {")
	table, _, _ = strings.Cut(table, "\n};")
	var names []string
	for _, match := range regexp.MustCompile(`\{(?:CRASH|BOTH), \{"([^"]+)", \d+, `).FindAllStringSubmatch(table, -1) {
		names = append(names, match[1])
	}
	if len(names) < 8 {
		t.Fatalf("only the stages %q in the table", names)
	}
	return names
}

// part tells whether a report has what a stage writes. Stages that write
// nothing have no entry.
var part = map[string]func(*report.Report) bool{
	"sentence":      func(r *report.Report) bool { return r.Sentence != "" && r.End != nil && r.End.Sentence == r.Sentence },
	"signal":        func(r *report.Report) bool { return r.Signal != nil },
	"process":       func(r *report.Report) bool { return r.Process != nil },
	"build":         func(r *report.Report) bool { return r.Build != nil },
	"memory":        func(r *report.Report) bool { return r.Memory != nil },
	"other threads": func(r *report.Report) bool { return r.Answers != nil },
	"current stack": func(r *report.Report) bool { return r.Current() != nil },
	"goroutines":    func(r *report.Report) bool { return r.Goroutines != nil },
	"registers":     func(r *report.Report) bool { return len(r.Registers) > 0 },
	"code":          func(r *report.Report) bool { return r.Code != nil },
	"stack words":   func(r *report.Report) bool { return len(r.Stack) > 0 },
	"modules":       func(r *report.Report) bool { return len(r.Modules) > 0 },
}

func TestTroubleInAStage(t *testing.T) {
	names := stages(t)
	for _, stage := range names {
		for _, trouble := range []string{"fault", "hang", "abort"} {
			for _, place := range []string{"cgo", "thread"} {
				t.Run(fmt.Sprintf("%s/%s/%s", stage, trouble, place), func(t *testing.T) {
					t.Parallel()
					// The settings are separated by spaces, and so are some names.
					o := run(t, "trouble trouble="+trouble+" place="+place, victim.Args("stage="+stage))
					r := victim.Report(t, o.Stderr)
					checkFailures(t, r, trouble, stage)
					for name, has := range part {
						if name != stage && !has(r) {
							t.Errorf("stage %q is missing as well:\n%s", name, r)
						}
					}
					if o.Elapsed > slack+5*time.Second {
						t.Errorf("took %v", o.Elapsed)
					}
					checkEndOfIncomplete(t, o, place)
				})
			}
		}
	}
}

// What ends a report is done once each, whatever becomes of the rest, and the process dies
// of its crash at once.
func TestTroubleAtTheEnd(t *testing.T) {
	for _, step := range []string{"end line", "files", "crash hook"} {
		for _, place := range []string{"cgo", "thread"} {
			t.Run(step+"/"+place, func(t *testing.T) {
				t.Parallel()
				o := run(t, "trouble trouble=fault deadline=8s place="+place, victim.Args("stage="+step))
				o.DiedOf(t, syscall.SIGSEGV)
				if o.Elapsed > slack {
					t.Errorf("took %v of a deadline of 8 s", o.Elapsed)
				}
				if step != "end line" {
					victim.Complete(t, o.Stderr)
				}
			})
		}
	}
}

func TestTroubleInEveryStage(t *testing.T) {
	names := stages(t)
	for _, trouble := range []string{"fault", "abort", "hang"} {
		for _, place := range []string{"cgo", "thread"} {
			t.Run(trouble+"/"+place, func(t *testing.T) {
				t.Parallel()
				o := run(t, "trouble stage=* trouble="+trouble+" place="+place+" deadline=3s")
				checkFailures(t, victim.Report(t, o.Stderr), trouble, names...)
				if o.Elapsed > slack+3*time.Second {
					t.Errorf("took %v with a deadline of 3 s", o.Elapsed)
				}
				checkEndOfIncomplete(t, o, place)
			})
		}
	}
}

// The process is stopped in a stage that then hangs, for longer than its deadline: the stage is
// given up when the process goes on, and all the others have their time.
func TestStopInAStageThatHangs(t *testing.T) {
	for _, stage := range []string{"current stack", "modules"} {
		for _, place := range []string{"cgo", "thread"} {
			t.Run(stage+"/"+place, func(t *testing.T) {
				t.Parallel()
				const deadline = 3 * time.Second
				c := start(t, "trouble trouble=stop deadline=3s place="+place, victim.Args("stage="+stage))
				c.Stopped()
				time.Sleep(deadline + time.Second/2)
				c.Continue()
				o := c.Wait()
				r := victim.Report(t, o.Stderr)
				checkFailures(t, r, "hang", stage)
				for name, has := range part {
					if name != stage && !has(r) {
						t.Errorf("stage %q is missing as well:\n%s", name, r)
					}
				}
				checkEndOfIncomplete(t, o, place)
			})
		}
	}
}

// A stage that hangs has to leave time for the end line even if the deadline of
// the whole is shorter than its own budget.
func TestDeadlineShorterThanAHang(t *testing.T) {
	for _, trouble := range []string{"hang", "spin"} {
		for _, place := range []string{"cgo", "thread"} {
			t.Run(trouble+"/"+place, func(t *testing.T) {
				// Not parallel: a stage that spins wants a CPU for itself. The
				// budget of this one is a second.
				o := run(t, "trouble stage=unwind trouble="+trouble+" deadline=1500ms place="+place)
				r := victim.Report(t, o.Stderr)
				checkFailures(t, r, trouble, "unwind")
				if len(r.Registers) == 0 || len(r.Modules) == 0 {
					t.Errorf("the stages after the hang are missing:\n%s", r)
				}
				if r.End != nil && r.End.Duration.Duration > 1500*time.Millisecond {
					t.Errorf("the report took %v with a deadline of 1.5 s", r.End.Duration)
				}
				checkEndOfIncomplete(t, o, place)
			})
		}
	}
}

// A program that is shutting down may disable Epitaph while another thread
// crashes. The report needs its handlers to the end.
func TestDisableDuringACrash(t *testing.T) {
	for _, place := range []string{"cgo", "thread"} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			o := run(t, "disable_late stage=unwind trouble=hang place="+place)
			checkFailures(t, victim.Report(t, o.Stderr), "hang", "unwind")
			checkEndOfIncomplete(t, o, place)
		})
	}
}

// Deadlines that leave no time at all, and all the time in the world.
func TestExtremeDeadlines(t *testing.T) {
	for _, deadline := range []string{"1ns", "1us", "1ms"} {
		t.Run(deadline, func(t *testing.T) {
			t.Parallel()
			o := run(t, "crash place=thread deadline="+deadline)
			// By itself, or by the helper's exit.
			if !o.Status.Signaled() || o.Status.Signal() != syscall.SIGSEGV {
				o.Exited(t, 128+int(syscall.SIGSEGV))
			}
		})
	}
	for _, place := range []string{"cgo", "thread"} {
		t.Run("endless/"+place, func(t *testing.T) {
			t.Parallel()
			o := run(t, "crash deadline=10m place="+place)
			o.DiedOf(t, syscall.SIGSEGV)
			victim.Complete(t, o.Stderr)
		})
	}
}

// A stage that hangs and an output that takes nothing, at once.
func TestHangAndStoppedReader(t *testing.T) {
	t.Parallel()
	_, w := pipe(t, 0)
	fill(t, w)
	o := run(t, "trouble stage=unwind trouble=hang deadline=3s fd=3 place=thread", victim.Inherit(w))
	o.DiedOf(t, syscall.SIGSEGV)
	if o.Elapsed > slack+3*time.Second {
		t.Errorf("took %v with a deadline of 3 s", o.Elapsed)
	}
}

// There is no helper in a forked child. A stage that hangs is ended by the
// deadline's alarm, and with it the child.
func TestHangInForkedChild(t *testing.T) {
	t.Parallel()
	o := run(t, "fork_trouble stage=unwind trouble=hang deadline=500ms")
	o.Exited(t, 3)
	if !strings.Contains(o.Stdout, fmt.Sprintf("child: signal %d,", syscall.SIGALRM)) ||
		!strings.Contains(o.Stdout, "parent: enabled true") {
		t.Errorf("standard output:\n%s", o.Stdout)
	}
	if o.Elapsed > slack {
		t.Errorf("took %v with a deadline of 500 ms", o.Elapsed)
	}
}

// checkFailures fails unless the report says that these stages, and no others,
// failed in the way of this trouble, and that it is incomplete for that reason.
func checkFailures(t *testing.T, r *report.Report, trouble string, stages ...string) {
	t.Helper()
	if r.End == nil || r.Complete() || !r.Intact() {
		t.Errorf("not an incomplete report with a proper end:\n%s", r)
		return
	}
	var failed []string
	for _, failure := range r.StageFailures {
		failed = append(failed, failure.Stage)
		if failure.TimedOut != (trouble == "hang" || trouble == "spin") {
			t.Errorf("stage %q %s by %s", failure.Stage, failure.Kind(), trouble)
		}
		if want := map[string]string{"fault": "SIGSEGV", "abort": "SIGABRT"}[trouble]; !strings.HasPrefix(failure.Detail, want) {
			t.Errorf("stage %q failed by %q, want %s", failure.Stage, failure.Detail, want)
		}
	}
	if !slices.Equal(failed, stages) {
		t.Errorf("stages %q failed, want %q:\n%s", failed, stages, r)
	}
	for _, stage := range stages {
		if !strings.Contains(strings.Join(r.End.Reasons, ", "), `stage "`+stage+`"`) {
			t.Errorf("the end line does not name stage %q: %v", stage, r.End.Reasons)
		}
	}
}

// checkEndOfIncomplete: Go's dump makes up for what is missing, on threads
// where it has something to say.
func checkEndOfIncomplete(t *testing.T, o *victim.Outcome, place string) {
	t.Helper()
	if place == "thread" {
		o.DiedOf(t, syscall.SIGSEGV)
		return
	}
	o.Exited(t, 2)
	if _, dump, _ := strings.Cut(o.Stderr, "End of report"); !strings.Contains(dump, "SIGSEGV: segmentation violation") ||
		!strings.Contains(dump, "goroutine 1 ") {
		t.Errorf("Go's dump does not follow the report:\n%s", o.Stderr)
	}
}
