package report_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/report"
)

// samples returns the reports in testdata, by name.
func samples(t testing.TB) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.crash")
	if err != nil || len(paths) < 10 {
		t.Fatalf("testdata: %d reports, %v", len(paths), err)
	}
	all := make(map[string]string)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(path), ".crash")] = string(text)
	}
	return all
}

func parse(t testing.TB, text string) *report.Report {
	t.Helper()
	r, err := report.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func sample(t testing.TB, name string) *report.Report {
	t.Helper()
	return parse(t, samples(t)[name])
}

func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

func TestHeader(t *testing.T) {
	r := sample(t, "segv")
	equal(t, "kind", r.Kind, report.Crash)
	equal(t, "headline", r.Headline, "Segmentation fault")
	equal(t, "signal", *r.Signal, report.Signal{"SIGSEGV", 11, "SEGV_MAPERR", 1,
		"write to 0x0000000000000008, in the first page: a NULL pointer + 8"})
	equal(t, "process", *r.Process, report.Process{12345, "ingest", "/srv/ingest", 12350, "decoder-3",
		time.Date(2026, 11, 21, 19, 40, 0, 123456000, time.UTC), report.Duration{3204 * time.Millisecond, "s", 3}})
	equal(t, "build", *r.Build, report.Build{"go1.26.8", "linux/amd64", "example.com/ingest", "v1.4.2", "9b1c9e0", true, "5f1d8c2e"})
	if r.Truncated || !r.Complete() || !r.Intact() {
		t.Errorf("truncated %v, complete %v, intact %v", r.Truncated, r.Complete(), r.Intact())
	}
	equal(t, "duration", r.End.Duration.Duration, 1800*time.Microsecond)

	r = sample(t, "abort")
	equal(t, "signal", *r.Signal, report.Signal{"SIGABRT", 6, "SI_TKILL", -6, `sent by process 123 "ba\x22sh" (uid 0)`})
	equal(t, "build", *r.Build, report.Build{GoVersion: "devel go1.28-7cf3cb3 Tue Nov 3", Platform: "linux/amd64",
		Module: "example.com/odd", Version: "(devel)", BuildID: "ab"})
	equal(t, "thread's name", r.Process.Thread, "/path 1), thread 2")
	equal(t, "messages", r.Messages, []string{"odd: \u0416.cc:7: f: Assertion `!strcmp(a, \"" + `\x5cn` + "\")' failed.",
		`free(): invalid next size (normal)\x0a...`})
	equal(t, "notes", r.Notes, []string{"forked child of 122: goroutines and black box belong to the parent"})

	equal(t, "code without a name", *sample(t, "bare").Signal,
		report.Signal{"SIGTRAP", 5, "code", 77, "address unknown: the kernel gives none"})
	equal(t, "no code", *sample(t, "newer").Signal, report.Signal{Name: "SIGSEGV", Number: 11})
	equal(t, "build without a module", *sample(t, "overflow").Build, report.Build{GoVersion: "go1.27.4", Platform: "linux/arm64"})
	equal(t, "notes", len(sample(t, "overflow").Notes), 2)
	r = sample(t, "timeout")
	equal(t, "kind", r.Kind, report.Timeout)
	equal(t, "timeout", r.Timeout, 500*time.Millisecond)
	equal(t, "kind", sample(t, "dump").Kind, report.Dump)
	equal(t, "headline", sample(t, "panic").Headline, "panic: runtime error: index out of range [5] with length 3")
}

func TestThreads(t *testing.T) {
	r := sample(t, "segv")
	current := r.Current()
	equal(t, "threads", len(r.Threads), 2)
	equal(t, "current thread", current, &r.Threads[0])
	equal(t, "id", current.ID, report.Word(0x7fb899f39700))
	equal(t, "name", current.Name(), "decoder-3")
	equal(t, "tid", current.TID(), 12350)
	equal(t, "frames", len(current.Frames), 5)
	group := r.Threads[1]
	equal(t, "kind", group.Kind, report.ThreadGroup)
	equal(t, "count", group.Count, 3)
	equal(t, "names", group.Names(), []string{"worker-0", "worker-1", "worker-2"})
	equal(t, "members", group.Members[2], report.Member{Name: "worker-2", TID: 12349})
	equal(t, "answers", *r.Answers, report.Answers{Answered: 4, Total: 4})

	r = sample(t, "abort")
	equal(t, "name with a comma", r.Current().Members, []report.Member{{Name: "a, b", TID: 123}})
	equal(t, "threads", len(r.Threads), 5)
	equal(t, "thread without a name", len(r.Threads[2].Members), 0)
	equal(t, "name of no thread", r.Threads[2].Name(), "")
	equal(t, "name without a tid", r.Threads[3].Members, []report.Member{{Name: "pool 1"}})
	equal(t, "answers", *r.Answers, report.Answers{Answered: 3, Total: 43, Blocked: 1})
	equal(t, "also crashed", r.AlsoCrashed, []report.AlsoCrashed{
		{12351, "worker", report.Fault{"SIGSEGV", 11, 8, 0x7f2f1c0de142}},
		{12352, "wor, ker", report.Fault{"SIGBUS", 7, 9, 0x7f2f1c0de143}}})

	equal(t, "bare stack", sample(t, "dump").Current().Kind, report.BareStack)
	equal(t, "current thread that is not the first", sample(t, "timeout").Current().Name(), "main")
	equal(t, "report without a stack", sample(t, "bare").Current(), nil)
}

func TestStateOfThreads(t *testing.T) {
	text := "Fatal Go error: X\n\n" +
		"Thread 0x00007f0000000700 [a, b, 12, S, 0.05 s] (most recent call first):\n" +
		"  <stack read from outside (in poll): a signal would end its system call>\n" +
		"  <stack read from outside: it blocks the signal>\n" +
		"  File \"x.c\", line 1 in poll\n\n" +
		"2 threads [w, 1, R, 12.00 s; S, 0.05 s, 2] (most recent call first):\n" +
		"  <no stack: no answer in time>\n\n" +
		"... (1 more thread)\n\n... (12 more threads)\n\n" +
		"3 of 9 threads answered; 1 block the signal; 2 were late; 4 had ended; 5 not interrupted; 6 not asked\n\n"
	r := parse(t, text)
	equal(t, "text", r.String(), text)
	equal(t, "unknown lines", len(r.Unknown), 0)
	equal(t, "usual layout", r.Layout, "")
	second := func(ms int) report.Duration {
		return report.Duration{time.Duration(ms) * time.Millisecond, "s", 2}
	}
	equal(t, "member", r.Threads[0].Members, []report.Member{{Name: "a, b", TID: 12, State: "S", CPU: second(50)}})
	equal(t, "frames", r.Threads[0].Frames[:2], []report.Frame{
		{Kind: report.SeenFromOutside, Func: "poll", Reason: "a signal would end its system call"},
		{Kind: report.SeenFromOutside, Reason: "it blocks the signal"}})
	equal(t, "members", r.Threads[1].Members, []report.Member{
		{Name: "w", TID: 1, State: "R", CPU: second(12000)}, {Name: "S, 0.05 s", TID: 2}})
	equal(t, "cut", r.Threads[2:], []report.Thread{
		{Kind: report.CutThreads, Count: 1}, {Kind: report.CutThreads, Count: 12}})
	equal(t, "answers", *r.Answers, report.Answers{Answered: 3, Total: 9, Blocked: 1, Late: 2, Ended: 4, Spared: 5, NotAsked: 6})
	before := strings.ReplaceAll(strings.ReplaceAll(text, "stack read from outside (in poll)", "seen from outside in poll"),
		"stack read from outside", "seen from outside")
	older := parse(t, before)
	equal(t, "text of before", older.String(), before)
	equal(t, "frames of before", older.Threads[0].Frames, r.Threads[0].Frames)
	if _, err := report.Parse([]byte("... (1 more thread)\n")); err == nil {
		t.Error("a report starts with a cut")
	}
}

func TestGroupWithElidedMembers(t *testing.T) {
	for _, dots := range []string{"...", "\u2026"} {
		text := "Fatal Go error: X\n\n40 threads [w, 1; x, 2; " + dots + "] (most recent call first):\n" +
			"\nGoroutines 7, 9, " + dots + " (5316 in all) [select] (most recent call first):\n"
		r := parse(t, text)
		equal(t, "text", r.String(), text)
		equal(t, "members", r.Threads[0], report.Thread{Kind: report.ThreadGroup, Count: 40, Elided: true,
			Members: []report.Member{{Name: "w", TID: 1}, {Name: "x", TID: 2}}})
		equal(t, "goroutines", r.GoroutineGroups[0], report.GoroutineGroup{IDs: []uint64{7, 9}, Count: 5316, Status: "select"})
	}
}

func TestGoroutinesWithoutEverything(t *testing.T) {
	const head = "Fatal Go error: Aborted\n\n"
	for line, want := range map[string]report.Goroutines{
		"Goroutines: unknown (no P came)":                                                          {Unknown: true, Reason: "no P came"},
		"Goroutines: 7, live, in 1 group; 3 of Epitaph's own not shown":                            {Count: 7, Live: true, Groups: 1, Own: 3},
		"Goroutines: 7, snapshot 0.8 s old (no P came), in 2 groups; 1 of Epitaph's own not shown": {Count: 7, Groups: 2, Own: 1, Reason: "no P came", Age: parse(t, head+"Goroutines: 7, snapshot 0.8 s old (x), in 2 groups\n").Goroutines.Age},
	} {
		equal(t, line, *parse(t, head+line+"\n").Goroutines, want)
	}
	for _, line := range []string{"Goroutines: 7, live, in 1 group; 3 of Epitaph left out\n", "Goroutines: 7, live, in 1 groups\n"} {
		r := parse(t, head+line)
		if r.String() != head+line || len(r.Unknown) != 0 || r.Goroutines.Count != 7 {
			t.Errorf("a line of before: %q", r)
		}
	}
	r := parse(t, head+"Goroutines: 20025, live, in 2 groups\n\n20000 goroutines (most recent call first):\n"+
		"  File \"a.go\", line 2 in main.f\n  ...\n\n1 goroutine (most recent call first):\n\n... (24 more goroutines)\n")
	equal(t, "groups", len(r.GoroutineGroups), 3)
	equal(t, "unknown", len(r.Unknown), 0)
	equal(t, "frames", len(r.GoroutineGroups[0].Frames), 2)
	r.GoroutineGroups[0].Frames = nil
	equal(t, "profile", r.GoroutineGroups[0], report.GoroutineGroup{Count: 20000})
	equal(t, "one", r.GoroutineGroups[1], report.GoroutineGroup{Count: 1})
	equal(t, "cut", r.GoroutineGroups[2], report.GoroutineGroup{Count: 24, Cut: true})
	r = parse(t, head+"Goroutines 7, 8 [select, 0 to 7 minutes, thread 12] (most recent call first):\n")
	equal(t, "wait", r.GoroutineGroups[0].Wait(), 7*time.Minute)
	equal(t, "thread", r.GoroutineGroups[0].Thread(), 12)
}

func TestGoroutines(t *testing.T) {
	r := sample(t, "segv")
	equal(t, "summary", *r.Goroutines, report.Goroutines{Count: 5321, Live: true, Groups: 4})
	equal(t, "groups", len(r.GoroutineGroups), 3)
	g := r.GoroutineGroups[0]
	equal(t, "group", g, report.GoroutineGroup{IDs: []uint64{7, 9, 12}, Count: 5316, Status: "chan receive",
		Details: []string{"3 minutes"}, Frames: []report.Frame{
			{File: "/srv/ingest/pool.go", Line: 40, Func: "main.(*Pool).wait"},
			{Kind: report.CreatedBy, Func: "main.NewPool", Goroutine: 1, File: "/srv/ingest/pool.go", Line: 21}}})
	equal(t, "wait", g.Wait(), 3*time.Minute)
	equal(t, "group", r.GoroutineGroups[1].Count, 2)
	equal(t, "status", r.GoroutineGroups[1].Status, "force gc (idle)")
	equal(t, "creator without a goroutine", r.GoroutineGroups[1].Frames[1].Func, "runtime.init.7")
	equal(t, "details", r.GoroutineGroups[2].Details, []string{"locked to thread"})
	equal(t, "wait", r.GoroutineGroups[2].Wait(), 0)
	equal(t, "snapshot", *sample(t, "abort").Goroutines, report.Goroutines{Count: 1, Groups: 1, Reason: "no P came",
		Age: report.Duration{800 * time.Millisecond, "s", 1}})
}

func TestMachineState(t *testing.T) {
	r := sample(t, "segv")
	equal(t, "registers", len(r.Registers), 6)
	equal(t, "first register", r.Registers[0], report.Register{"rip", 0x7f2f1c0de142})
	equal(t, "last register", r.Registers[5], report.Register{"eflags", 0x10246})
	equal(t, "code", *r.Code, report.Code{Bytes: report.HexBytes("\x48\x8b\x45\xf8\xc7\x00\x01\x00\x00\x00"), PC: 4})
	equal(t, "stack", r.Stack, []report.StackRow{
		{Address: 0x7ffd00000010, Words: []report.Word{1, 2, 3, 4}},
		{Address: 0x7ffd00000030, Words: []report.Word{5, 0x7f2f1c0de142}}})
	equal(t, "modules", r.Modules, []report.Module{
		{Start: 0x400000, End: 0x5e8000, Path: "/srv/ingest", BuildID: "5f1d8c2e"},
		{Start: 0x7f2f1c0dd000, End: 0x7f2f1c0e0000, Path: "/usr/lib/libfoo.so.1", BuildID: ""},
		{Start: 0x7f2f1c100000, End: 0x7f2f1c2f0000, Path: "/opt/my libs/libc.so.6", BuildID: "0123456789abcdef0123456789abcdef01234567"}})
	r = sample(t, "abort")
	equal(t, "code", *r.Code, report.Code{Unreadable: true, PC: -1})
	equal(t, "stack", r.Stack, []report.StackRow{{Unreadable: true}})
}

func TestAddresses(t *testing.T) {
	r := sample(t, "now-null")
	equal(t, "addresses", len(r.Addresses), 5)
	equal(t, "register", r.Addresses[0], report.CodeAddress{Place: "rbx", Frame: report.Frame{Kind: report.BinaryFrame,
		Module: "/srv/demo/crashdemo", Func: "crash_null_write", PC: 0x69acc0}})
	if n, ok := r.Addresses[0].Offset(); ok {
		t.Errorf("a register is %d bytes into the stack", n)
	}
	equal(t, "place", r.Addresses[3].Where(), "demo_enter+0x9")
	if n, ok := r.Addresses[3].Offset(); !ok || r.Stack[n/32].Words[n/8%4] != r.Addresses[3].Frame.PC {
		t.Errorf("the word at %d, %v, is not %v", n, ok, r.Addresses[3].Frame.PC)
	}

	text := samples(t)["now-null"]
	for _, line := range []string{
		`  rip:  <signal handler called>`,
		`  rip: Binary file "/a", at f+0x1 [0x0000000000000001]`,
		`  two words:  Binary file "/a", at f+0x1 [0x0000000000000001]`,
		`  stack+0x8:  Binary file "/a", at f+0x1`,
	} {
		r := parse(t, strings.Replace(text, "Addresses:\n", "Addresses:\n"+line+"\n", 1))
		if len(r.Unknown) != 1 || string(r.Unknown[0].Text) != line || len(r.Addresses) != 5 {
			t.Errorf("%q: unknown %+v, %d addresses", line, r.Unknown, len(r.Addresses))
		}
	}
}

// What a module's frames lack, and a path that only looks like it.
func TestModuleSymbols(t *testing.T) {
	for line, want := range map[string]report.Module{
		"/a build-id 5f1d (lines: not yet)":            {Path: "/a", BuildID: "5f1d", Symbols: "lines: not yet"},
		"/a (inlined calls: over the budget)":          {Path: "/a", Symbols: "inlined calls: over the budget"},
		"/a (names: over the budget)":                  {Path: "/a", Symbols: "names: over the budget"},
		"/a (lines: later) build-id 5f1d":              {Path: "/a (lines: later)", BuildID: "5f1d"},
		"/a build-id 5f1d (deleted) (lines: not yet) ": {Path: "/a build-id 5f1d (deleted) (lines: not yet) "},
	} {
		text := "Fatal Go error: X\n\nModules:\n  0x0000000000400000-0x0000000000500000 " + line + "\n"
		r := parse(t, text)
		want.Start, want.End = 0x400000, 0x500000
		equal(t, line, r.Modules, []report.Module{want})
		equal(t, line+" printed", r.String(), text)
	}
}

func TestModuleOf(t *testing.T) {
	r := sample(t, "segv")
	for pc, want := range map[report.Word]string{
		0x3fffff: "", 0x400000: "/srv/ingest", 0x5e7fff: "/srv/ingest", 0x5e8000: "", 0x7f2f1c0de142: "/usr/lib/libfoo.so.1",
	} {
		got := ""
		if m := r.Module(pc); m != nil {
			got = m.Path
		}
		equal(t, pc.String(), got, want)
	}
	frames := r.Current().Frames
	if offset, ok := r.ModuleOffset(frames[2]); !ok || offset != 0x1142 {
		t.Errorf("offset of %v: %#x, %v", frames[2], offset, ok)
	}
	if _, ok := r.ModuleOffset(frames[0]); ok {
		t.Error("a frame without a PC has an offset")
	}
	if _, ok := r.ModuleOffset(report.Frame{Kind: report.UnknownFrame, PC: 1}); ok {
		t.Error("a frame in no module has an offset")
	}
}

func TestTrail(t *testing.T) {
	r := sample(t, "segv")
	equal(t, "annotations", r.Annotations, []report.Annotation{{"request", "7f3a"}, {"user", "J\u00f6rg = 1"}})
	equal(t, "breadcrumbs", r.Breadcrumbs, []report.Breadcrumb{
		{Before: report.Duration{12 * time.Millisecond, "s", 3}, Text: "frame 91 has 3 planes"},
		{Before: report.Duration{3 * time.Second, "s", 3}, Text: "start"}})

	r = sample(t, "abort")
	equal(t, "failures", r.StageFailures, []report.StageFailure{
		{Stage: "registers", Detail: "SIGSEGV (11) at 0x0000000000000008, PC 0x00007f2f1c0de142"},
		{Stage: "modules", TimedOut: true, After: report.Duration{500 * time.Millisecond, "ms", 0}}})
	equal(t, "kind", r.StageFailures[0].Kind(), "faulted")
	equal(t, "kind", r.StageFailures[1].Kind(), "timed out")
	if f, ok := r.StageFailures[0].Fault(); !ok || f != (report.Fault{"SIGSEGV", 11, 8, 0x7f2f1c0de142}) {
		t.Errorf("fault: %+v, %v", f, ok)
	}
	if r.Complete() || !r.Intact() || r.Truncated {
		t.Errorf("complete %v, intact %v, truncated %v", r.Complete(), r.Intact(), r.Truncated)
	}
	equal(t, "reasons", r.End.Reasons, []string{`stage "registers" faulted`, `stage "modules" timed out`})
}

// Registers have the names of their machine.
func TestRegistersOfArm64(t *testing.T) {
	r := sample(t, "real-arm64")
	equal(t, "build", r.Build.Platform, "linux/arm64")
	values := map[string]report.Word{}
	for _, register := range r.Registers {
		values[register.Name] = register.Value
	}
	equal(t, "registers", len(values), 36)
	equal(t, "pc", values["pc"], r.Current().Frames[0].PC)
	equal(t, "fault", values["fault"], 8)
	equal(t, "esr", values["esr"], 0x92000046)
}
