package report_test

import (
	"testing"

	"github.com/epitaph-go/epitaph/report"
)

// TestFrames has every form of a line of a stack.
func TestFrames(t *testing.T) {
	const pc = 0x7f2f1c0de142
	for _, c := range []struct {
		line string
		want report.Frame
		name string
	}{
		{`File "a b.go", line 7 in main.(*T[...]).m`, report.Frame{File: "a b.go", Line: 7, Func: "main.(*T[...]).m"}, "main.(*T[...]).m"},
		{`File "a.cc", line 7 in ns::f(int) const (inlined)`, report.Frame{File: "a.cc", Line: 7, Func: "ns::f(int) const", Inlined: true}, "ns::f(int) const"},
		{`File "a.c", line 7 in f (frame pointer)`, report.Frame{File: "a.c", Line: 7, Func: "f", How: report.FramePointer}, "f"},
		{`File "a.c", line 7 in f (inlined) (scan)`, report.Frame{File: "a.c", Line: 7, Func: "f", Inlined: true, How: report.Scan}, "f"},
		{`File "a.c", line 7 in f [0x00007f2f1c0de142]`, report.Frame{File: "a.c", Line: 7, Func: "f", PC: pc}, "f"},
		{`File "a.c", line 7 in f [0x00007f2f1c0de142] (near) (frame pointer)`, report.Frame{File: "a.c", Line: 7, Func: "f", PC: pc, Near: true, How: report.FramePointer}, "f"},
		{`File "a.c", line 7 in f (near) (inlined)`, report.Frame{File: "a.c", Line: 7, Func: "f", Near: true, Inlined: true}, "f"},
		{`File "a.c", line 7 in a[i] [0x12]`, report.Frame{File: "a.c", Line: 7, Func: "a[i] [0x12]"}, "a[i] [0x12]"},
		{`File "a.c", line 7 in f in g`, report.Frame{File: "a.c", Line: 7, Func: "f in g"}, "f in g"},
		{`File "\u0416\x22\xe9\\x41\x5cu0416.c", line 0 in \u0416\x22`, report.Frame{File: "\u0416\"\\xe9\\\\x41\\x5cu0416.c", Func: "\u0416\\x22"}, "\u0416\\x22"},
		{`Binary file "/lib/x.so", at foo+0x42 [0x00007f2f1c0de142]`, report.Frame{Kind: report.BinaryFrame, Module: "/lib/x.so", Func: "foo", Offset: 0x42, PC: pc}, "foo"},
		{`File "a.c", line 7 in f (after a scan)`, report.Frame{File: "a.c", Line: 7, Func: "f", How: report.AfterScan}, "f"},
		{`Binary file "/lib/x.so", at a+0x1 [b]+0x42 [0x00007f2f1c0de142] (scan)`, report.Frame{Kind: report.BinaryFrame, Module: "/lib/x.so", Func: "a+0x1 [b]", Offset: 0x42, PC: pc, How: report.Scan}, "a+0x1 [b]"},
		{`Binary file "/lib/x.so", at +0x1234 [0x00007f2f1c0de142] (frame pointer)`, report.Frame{Kind: report.BinaryFrame, Module: "/lib/x.so", Offset: 0x1234, PC: pc, How: report.FramePointer}, "x.so+0x1234"},
		{`Binary file "<unknown>" [0x00007f2f1c0de142]`, report.Frame{Kind: report.UnknownFrame, PC: pc}, "0x00007f2f1c0de142"},
		{`Code of no module "<anonymous>" (r-x), at +0x10 [0x00007f2f1c0de142] (frame pointer)`, report.Frame{Kind: report.CodeFrame, Module: "<anonymous>", Perm: "r-x", Offset: 0x10, PC: pc, How: report.FramePointer}, "<anonymous>+0x10"},
		{`Code of no module "/memfd:a\x22) (b (deleted)" (rwx), at LT;::f\u0416+0x10 [0x00007f2f1c0de142]`, report.Frame{Kind: report.CodeFrame, Module: "/memfd:a\") (b (deleted)", Perm: "rwx", Func: "LT;::f\u0416", Offset: 0x10, PC: pc}, "LT;::f\u0416"},
		{`<not executable: 0x0000000000000000>`, report.Frame{Kind: report.NotExecutableFrame}, "<not executable: 0x0000000000000000>"},
		{`<signal handler called>`, report.Frame{Kind: report.SignalFrame}, "<signal handler called>"},
		{`[Previous line repeated 996 more times]`, report.Frame{Kind: report.RepeatedFrames, Lines: 1, Count: 996}, "[Previous line repeated 996 more times]"},
		{`[Previous line repeated 1 more time]`, report.Frame{Kind: report.RepeatedFrames, Lines: 1, Count: 1}, "[Previous line repeated 1 more time]"},
		{`[Previous 4 lines repeated 2 more times]`, report.Frame{Kind: report.RepeatedFrames, Lines: 4, Count: 2}, "[Previous 4 lines repeated 2 more times]"},
		{`... (12034 more frames)`, report.Frame{Kind: report.CutFrames, Count: 12034}, "... (12034 more frames)"},
		{`...`, report.Frame{Kind: report.CutFrames}, "..."},
		{`<stack lost: no rule for > 0x12>`, report.Frame{Kind: report.LostFrames, Reason: "no rule for > 0x12"}, "<stack lost: no rule for > 0x12>"},
		{`<no stack: late>`, report.Frame{Kind: report.NoStack, Reason: "late"}, "<no stack: late>"},
		{`Created by main.f in goroutine 1, File "a.go", line 2`, report.Frame{Kind: report.CreatedBy, Func: "main.f", Goroutine: 1, File: "a.go", Line: 2}, "main.f"},
		{`Created by main.f, File "a.go", line 2`, report.Frame{Kind: report.CreatedBy, Func: "main.f", File: "a.go", Line: 2}, "main.f"},
	} {
		text := "Stack (most recent call first):\n  " + c.line + "\n"
		r := parse(t, text)
		if len(r.Threads[0].Frames) != 1 {
			t.Errorf("%s: not understood", c.line)
			continue
		}
		f := r.Threads[0].Frames[0]
		equal(t, c.line, f, c.want)
		equal(t, c.line+": String", f.String(), "  "+c.line)
		equal(t, c.line+": Name", f.Name(), c.name)
		equal(t, c.line+": text", r.String(), text)
	}
}

// TestSecondSpelling has the lines that say "1 more times", and the frame without a name as it was written for a while.
func TestSecondSpelling(t *testing.T) {
	text := "Stack (most recent call first):\n  f\n  [Previous line repeated 1 more times]\n  ... (1 more frames)\nGoroutines: 1, live, in 1 groups\n"
	r := parse(t, text)
	equal(t, "text", r.String(), text)
	equal(t, "lines that were not understood", len(r.Unknown), 1)
	equal(t, "frames", len(r.Threads[0].Frames), 2)
	equal(t, "groups", r.Goroutines.Groups, 1)
	without := "Stack (most recent call first):\n  Binary file \"/lib/x.so\", at 0x1234 [0x00007f2f1c0de142]\n"
	r = parse(t, without)
	equal(t, "text without a plus", r.String(), without)
	equal(t, "offset", r.Threads[0].Frames[0].Offset, 0x1234)
}

// TestNotUnderstood has lines that are almost right. They are kept.
func TestNotUnderstood(t *testing.T) {
	for _, line := range []string{
		"  File \"a.c\", line 07 in f", "  File \"a.c\", line 7 in ", "  File \"a\"b.c\", line 7 in f", "  File \"a.c\", line 7",
		"  File \"\u0416.c\", line 7 in f", "  File \"a.c\", line 99999999999999999999 in f",
		"  Binary file \"<unknown>\" [0x7f2f1c0de142]", "  Binary file \"x\" [0x00007f2f1c0de142]",
		"  Binary file \"x\", at f+0x042 [0x00007f2f1c0de142]", "  Binary file \"x\", at f+0x42 [0x00007F2F1C0DE142]",
		"  Code of no module \"x\" (r-x), at +0x10", "  Code of no module \"x\" (), at +0x10 [0x00007f2f1c0de142]", "  <not executable: 0x0>", "  <stack lost: x", "  <signal handler called> ", "  [Previous 1 lines repeated 2 more times]",
		"  [Previous line repeated 2 more time]", "  ... (0 more frames)", "  ... (x)", "  Created by f, File \"a.go\"", "   ...", "  ", " ",
		"Signal: SIGSEGV", "Signal: SIGSEGV (011)", "Signal: SIGSEGV (11): ", "Process: 1", "Message: x", "Message: \"", "Message: \"x", "Message: \"a\"b\"", "Message: \"x\" ", "Build: go1.26", "Code: ", "Code: 4", "Code: <48", "Code: <48> <48>",
		"Stack: 0x0000000000000001:", "Stack: 0x1: 0x2", "Also crashed: thread 1 \"w\", SIGSEGV (11)", "1 of threads answered",
		"1 of 2 threads answered; 1 were late; 1 block the signal", "Goroutines: 5", "Goroutines: 5, dead, in 1 group",
		"Goroutines: 5, snapshot 0.80000000000 s old, in 1 group", "Goroutine 1 (most recent call first):", "Goroutine 1, 2 [x] (most recent call first):",
		"Goroutines 1, 2 (2 in all) [x] (most recent call first):", "2 threads [a, 1] (most recent call first):", "2 threads [a, 1; b] (most recent call first):",
		"0 threads [] (most recent call first):", "Thread 0x1 (most recent call first):", "Thread 0x0000000000000001 [a (most recent call first):",
		"[stage \"x\" failed]", "[stage \"x\" timed out after 5; skipped]", "End of report (complete, 1 bytes)", "End of report (done, 1 bytes, 1 ms)",
		"End of report (complete, 01 bytes, 1 ms)", "End of report (complete, 1 bytes, 9999999999999 s)",
	} {
		text := "Fatal Go error: X\n\nStack (most recent call first):\n" + line + "\nNote: last\n"
		r := parse(t, text)
		equal(t, line+": text", r.String(), text)
		if len(r.Unknown) != 1 || string(r.Unknown[0].Text) != line {
			t.Errorf("%q was understood: %+v", line, r)
		}
		equal(t, line+": the line after it", len(r.Notes), 1)
	}
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{
		`plain`:                        "plain",
		`\x5cu0416`:                    `\u0416`,
		`\xe9\u0416\U00020000`:         "\xe9\u0416\U00020000",
		"\u0416" + `\x1b\x00`:          "\u0416\x1b\x00",
		`\`:                            `\`,
		`\x`:                           `\x`,
		`\xzz\u12\U0011ffff\ud800 end`: `\xzz\u12\U0011ffff\ud800 end`,
	} {
		equal(t, in, report.Unescape(in), want)
	}
}

// A line of source of C has its module, and so have those of the calls inlined into it.
func TestModulesOfSourceFrames(t *testing.T) {
	const text = `Fatal Go error: Aborted

Current thread 0x00007fb899f39700 [a, 1] (most recent call first):
  File "a.c", line 3 in inner (inlined)
  File "a.c", line 7 in f [0x0000000000401007]
  File "a.go", line 2 in main.g (inlined)
  File "a.go", line 4 in main.f

Modules:
  0x0000000000400000-0x0000000000500000 /srv/a build-id 5f1d
`
	r := parse(t, text)
	if r.String() != text {
		t.Errorf("printed again:\n%s", r)
	}
	frames := r.Current().Frames
	for i, want := range []string{"/srv/a", "/srv/a", "", ""} {
		if f := frames[i]; f.Module != want || (f.PC != 0) != (want != "") {
			t.Errorf("%d: %+v", i, f)
		}
	}
	if offset, ok := r.ModuleOffset(frames[0]); !ok || offset != 0x1007 {
		t.Errorf("offset 0x%x, %v", offset, ok)
	}
}

func TestIsGo(t *testing.T) {
	for name, want := range map[string]bool{
		"main.main": true, "main.(*T[...]).m.func1": true, "example.com/a.b/c.F": true, "runtime.asmcgocall.abi0": true,
		"crash_null_write": false, "abort.cold": false, "f.constprop.0": false, "ns::f(std::vector<a.b>)": false, "": false,
	} {
		if got := (report.Frame{Func: name}).IsGo(); got != want {
			t.Errorf("IsGo of %q: %v", name, got)
		}
	}
	if (report.Frame{Kind: report.CreatedBy, Func: "main.main"}).IsGo() {
		t.Error("where a goroutine was created is no call")
	}
}
