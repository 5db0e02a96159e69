//go:build linux && amd64 && cgo

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

	"github.com/epitaph-go/epitaph/report"
)

// stages are the names in the core's table, so that a new one is tested too.
func stages(t *testing.T) []string {
	t.Helper()
	source, err := os.ReadFile("../../native/report.c")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(source), "struct epi_stage stages[] = {")
	table, _, _ = strings.Cut(table, "\n};")
	var names []string
	for _, match := range regexp.MustCompile(`\{"([^"]+)", \d+, `).FindAllStringSubmatch(table, -1) {
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
	"cause":         func(r *report.Report) bool { return r.Signal != nil },
	"process":       func(r *report.Report) bool { return r.Process != nil && r.Build != nil },
	"current stack": func(r *report.Report) bool { return r.Current() != nil },
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
					o := run(t, "trouble trouble="+trouble+" place="+place, appendArg("stage="+stage))
					r := onlyReport(t, o.stderr)
					checkFailures(t, r, trouble, stage)
					for name, has := range part {
						if name != stage && !has(r) {
							t.Errorf("stage %q is missing as well:\n%s", name, r)
						}
					}
					if o.elapsed > 6*time.Second {
						t.Errorf("took %v", o.elapsed)
					}
					checkEndOfIncomplete(t, o, place)
				})
			}
		}
	}
}

func TestTroubleInEveryStage(t *testing.T) {
	names := stages(t)
	for _, trouble := range []string{"fault", "abort", "hang"} {
		for _, place := range []string{"cgo", "thread"} {
			t.Run(trouble+"/"+place, func(t *testing.T) {
				t.Parallel()
				o := run(t, "trouble stage=* trouble="+trouble+" place="+place+" deadline=2s")
				checkFailures(t, onlyReport(t, o.stderr), trouble, names...)
				if o.elapsed > 3*time.Second {
					t.Errorf("took %v with a deadline of 2 s", o.elapsed)
				}
				checkEndOfIncomplete(t, o, place)
			})
		}
	}
}

// A stage that hangs has to leave time for the end line even if the deadline of
// the whole is shorter than its own budget.
func TestDeadlineShorterThanAHang(t *testing.T) {
	for _, place := range []string{"cgo", "thread"} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			o := run(t, "trouble stage=unwind trouble=hang deadline=400ms place="+place)
			r := onlyReport(t, o.stderr)
			checkFailures(t, r, "hang", "unwind")
			if len(r.Registers) == 0 || len(r.Modules) == 0 {
				t.Errorf("the stages after the hang are missing:\n%s", r)
			}
			if took := r.End.Duration.Duration; took > 400*time.Millisecond {
				t.Errorf("the report took %v with a deadline of 400 ms", took)
			}
			checkEndOfIncomplete(t, o, place)
		})
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
		if failure.TimedOut != (trouble == "hang") {
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
func checkEndOfIncomplete(t *testing.T, o *outcome, place string) {
	t.Helper()
	if place == "thread" {
		o.diedOf(t, syscall.SIGSEGV)
		return
	}
	o.exited(t, 2)
	if _, dump, _ := strings.Cut(o.stderr, "End of report"); !strings.Contains(dump, "SIGSEGV: segmentation violation") ||
		!strings.Contains(dump, "goroutine 1 ") {
		t.Errorf("Go's dump does not follow the report:\n%s", o.stderr)
	}
}
