//go:build linux && (amd64 || arm64) && cgo

package threads

import (
	"os"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// Threads that block the signal, spin, wait in vfork, are stopped by a debugger,
// start and end: each is reported as what it is.
func TestThreadsThatDoNotAnswer(t *testing.T) {
	r, out := crash(t, "odd")
	accounted(t, r)
	stacks, tids := byTID(t, r), numbers(t, out)
	for name, want := range map[string]struct {
		function, reason string
		kind             report.FrameKind
	}{
		"masked":      {"odd_masked", "it blocks the signal", report.SeenFromOutside},
		"masked-spin": {"", "it blocks the signal", report.NoStack},
		"vfork":       {"", "no answer in time", report.SeenFromOutside},
		"spin":        {"odd_spin", "", report.SourceFrame},
		"traced":      {"odd_spin", "no answer in time", report.SeenFromOutside},
	} {
		thread := stacks[tids[name]]
		if thread == nil {
			t.Errorf("%s (%d) is not in the report", name, tids[name])
			continue
		}
		got := mark(thread)
		if got.Reason != want.reason || want.reason != "" && got.Kind != want.kind {
			t.Errorf("%s: %v\n%v", name, got, thread.Frames)
		}
		if want.function != "" && !has(thread, want.function) {
			t.Errorf("%s is not in %s: %v", name, want.function, thread.Frames)
		}
	}
	if thread := stacks[tids["vfork"]]; thread != nil && thread.Members[0].State != "D" {
		t.Errorf("the thread in vfork has state %q", thread.Members[0].State)
	}
	if r.Answers.Blocked != 2 || r.Answers.Late < 2 {
		t.Errorf("%+v", *r.Answers)
	}
}

// Without room for a queued signal no thread can be asked; one that sleeps is seen from
// outside.
func TestSignalQueueIsFull(t *testing.T) {
	r, out := crash(t, "sigqueue 10")
	accounted(t, r)
	if r.Answers.Unsendable != r.Answers.Total {
		t.Errorf("%+v", *r.Answers)
	}
	stacks := byTID(t, r)
	for tid, function := range parked(t, out, 10) {
		if stacks[tid] == nil || mark(stacks[tid]).Reason != "the signal could not be sent" ||
			!has(stacks[tid], function) && !has(stacks[tid], "wait_forever") {
			t.Errorf("thread %d in %s: %v", tid, function, stacks[tid])
		}
	}
}

// An answer that comes after its question is not taken for one to the next.
func TestLateAnswer(t *testing.T) {
	dumps, out := survive(t, "late")
	if len(dumps) != 2 {
		t.Fatalf("%d dumps: %v", len(dumps), out)
	}
	masked := numbers(t, out)["masked"]
	for i, dump := range dumps {
		accounted(t, dump)
		if got := byTID(t, dump)[masked]; got == nil || !has(got, "odd_masked") {
			t.Errorf("dump %d: %v", i, got)
		}
	}
	if dumps[0].Answers.Blocked != 1 || dumps[1].Answers.Blocked != 0 {
		t.Errorf("%+v, then %+v", *dumps[0].Answers, *dumps[1].Answers)
	}
	if got := mark(byTID(t, dumps[1])[masked]); got.Kind != 0 || got.Reason != "" {
		t.Errorf("the second time it is %v", got)
	}
}

// A thread that blocks the signal is not sent one at each dump: the kernel would keep
// them all, at the expense of every process of the user.
func TestSignalsDoNotPileUp(t *testing.T) {
	dumps, out := survive(t, "owing 30")
	for i, dump := range dumps {
		accounted(t, dump)
		if dump.Answers.Blocked != 5 {
			t.Fatalf("dump %d: %+v", i, *dump.Answers)
		}
	}
	// The user may have others that wait, but hardly 30 for each thread.
	if queued := numbers(t, out)["queued"]; len(dumps) != 30 || queued > 50 {
		t.Errorf("%d dumps, %d signals wait: %v", len(dumps), queued, out)
	}
}

// A C thread that blocked the signal during a dump opens it after Disable: nothing
// may come to Go's handler then, which would end the process.
func TestSignalAfterDisable(t *testing.T) {
	dumps, _ := survive(t, "disabled 0")
	if len(dumps) != 1 || dumps[0].Answers.Blocked != 1 {
		t.Errorf("%d dumps: %+v", len(dumps), *dumps[0].Answers)
	}
}

// Where the kernel does not tell what a thread waits in, a dump does not risk to
// end it.
func TestDumpWithoutProc(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can become another user")
	}
	dumps, out := survive(t, "setuid 20")
	for i := range dumps {
		accounted(t, dumps[i])
		if text := dumps[i].String(); dumps[i].Answers.Spared > 0 && !strings.Contains(text, "with WithInterrupt it is asked all the same") {
			t.Errorf("the dump does not say how to have the other stacks:\n%s", text)
		}
	}
	if found := numbers(t, out); len(dumps) != 20 || found["sat-through"] != 0 || found["wrong"] != 0 {
		t.Errorf("%d dumps; the program noticed: %v", len(dumps), found)
	}
}

// Threads that crash while another one is reported come first among the
// others, with the stack of their fault and not that of their wait.
func TestThreadsThatCrashTogether(t *testing.T) {
	r, _ := crash(t, "together 4")
	accounted(t, r)
	if len(r.AlsoCrashed) != 3 {
		t.Errorf("also crashed: %v", r.AlsoCrashed)
	}
	if len(r.Threads) < 2 {
		t.Fatal(tail(r.String()))
	}
	others := r.Threads[1]
	if others.Count != 3 || others.Name() != "fault" || len(others.Frames) == 0 || others.Frames[0].Func != "odd_fault" {
		t.Errorf("the first stack of the others is %v", others)
	}
}

// A crash while another thread dumps: the report is whole all the same.
func TestCrashDuringDump(t *testing.T) {
	rounds := 3
	if victim.Full {
		rounds = 50
	}
	for range rounds {
		text := crashWithReportFile(t, "race 200")
		reports := parse(t, text)
		if len(reports) != 1 || !reports[0].Complete() {
			t.Fatalf("%d reports\n%s", len(reports), tail(text))
		}
		accounted(t, reports[0])
		if a := reports[0].Answers; a.Answered+a.Late != a.Total {
			t.Errorf("%+v", *a)
		}
	}
}

// A stage of a dump that faults or hangs costs its part of the text, not the
// process, and the next dump is whole. The sentence only sums up what is there: without it
// the last line is incomplete, and the dump is no error.
func TestTroubleInADump(t *testing.T) {
	for i, want := range []string{"faulted", "took too long", "<nil>", "<nil>"} {
		dumps, out := survive(t, "trouble "+string(rune('0'+i)))
		if len(dumps) != 2 || len(dumps[0].StageFailures) != 1 || dumps[0].Complete() || !dumps[1].Complete() {
			t.Fatalf("%s: %d dumps: %v", want, len(dumps), out)
		}
		lines := strings.Split(strings.TrimSpace(out.Stdout), "\n")
		if len(lines) != 2 || !strings.Contains(lines[0], want) || lines[1] != "<nil>" {
			t.Errorf("the dumps returned %q", lines)
		}
		if sentence := dumps[0].StageFailures[0].Stage == "sentence"; sentence != (want == "<nil>") || sentence && dumps[0].Answers == nil {
			t.Errorf("%s: %v", want, out)
		}
		accounted(t, dumps[1])
	}
}
