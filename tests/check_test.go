//go:build linux && (amd64 || arm64) && cgo

package tests

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

const (
	headline = "Fatal error: "
	endLine  = "End of report ("
)

// theReport finds the report on standard error, of which there must be exactly one, whole, and understood to the last
// byte. What stands before it is returned too; nothing may stand behind it.
func theReport(t *testing.T, text string) (*report.Report, string) {
	t.Helper()
	if heads, ends := countLines(text, headline), countLines(text, endLine); heads != 1 || ends != 1 {
		t.Fatalf("%d headlines and %d end lines, want one of each", heads, ends)
	}
	found := 0
	for s := report.NewScanner(strings.NewReader(text)); s.Scan(); {
		found++
	}
	if found != 1 {
		t.Fatalf("the scanner finds %d reports, want 1", found)
	}
	before, _, _ := strings.Cut("\n"+text, "\n"+headline)
	before = strings.TrimPrefix(before+"\n", "\n")
	own := text[len(before):]
	r, err := report.Parse([]byte(own))
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := r.AppendText(nil); !bytes.Equal(again, []byte(own)) {
		t.Errorf("parsed and printed again it is not the same, or something stands behind it:\n%s", again)
	}
	if r.Kind != report.Crash || !r.Complete() || !r.Intact() || len(r.StageFailures) != 0 {
		t.Errorf("it is not complete and intact: %+v, failures %v", r.End, r.StageFailures)
	}
	if len(r.Unknown) != 0 {
		t.Errorf("lines that the parser does not know: %+v", r.Unknown)
	}
	if r.Layout != "" {
		t.Errorf("its lines are not in the usual order: %s", r.Layout)
	}
	return r, before
}

func countLines(text, prefix string) int { return strings.Count("\n"+text, "\n"+prefix) }

// check looks at all that a report of this case must have.
func (v *variant) check(t *testing.T, k kind, p place, r *victim.Outcome) {
	t.Helper()
	w := v.expect(k, p)
	v.checkEnd(t, w, r)
	if w.silent {
		if countLines(r.Stderr, headline) != 0 {
			t.Errorf("there is a report after all")
		}
		return
	}
	rep, before := theReport(t, r.Stderr)
	if before != "" && !k.has("sent") {
		t.Errorf("something stands before the report: %q", before)
	}
	v.checkParts(t, k, rep)
	checkSentence(t, rep)
	v.checkEnds(t, k, p, w, rep)
	checkMessage(t, w, rep)
	thread := rep.Current()
	if thread == nil || len(thread.Frames) == 0 {
		t.Fatal("the report has no stack of the thread that crashed")
	}
	if w.anywhere && !slices.ContainsFunc(thread.Frames, func(f report.Frame) bool { return f.Func == k.Func }) {
		return
	}
	if !w.anywhere {
		v.checkSignature(t, k, p, rep)
	}
	v.checkInnermost(t, k, w, rep, thread.Frames[0])
	v.checkStack(t, k, w, thread.Frames)
	checkAddresses(t, rep)
	if !k.has("several-threads") && len(rep.AlsoCrashed) != 0 {
		t.Errorf("others have crashed too: %v", rep.AlsoCrashed)
	}
	for _, also := range rep.AlsoCrashed {
		if also.Number != k.Number || also.TID == thread.TID() {
			t.Errorf("this crash is none that happened: %+v", also)
		}
	}
}

// checkEnd looks at how the process ended.
func (v *variant) checkEnd(t *testing.T, w *want, r *victim.Outcome) {
	t.Helper()
	switch {
	case r.Hung:
		t.Fatalf("hung")
	case r.Left:
		t.Errorf("it left a process behind")
	case w.status != 0 && !r.IsExit(w.status):
		t.Errorf("want exit status %d, got %s", w.status, r.End())
	case w.status == 0 && !r.IsDeath(w.signal):
		t.Errorf("want death by %v, got %s", w.signal, r.End())
	}
	if r.Stdout != "" {
		t.Errorf("something was written to standard output")
	}
}

// checkParts looks at the parts around the stack.
func (v *variant) checkParts(t *testing.T, k kind, rep *report.Report) {
	t.Helper()
	if rep.Signal == nil || rep.Signal.Name != k.Signal || rep.Signal.Number != k.Number || rep.Signal.Cause == "" {
		t.Errorf("signal %+v, want %s with a cause", rep.Signal, k.Signal)
	}
	if rep.Process == nil || rep.Process.Executable != v.build.path || (rep.Process.PID == 1) != v.pid1() {
		t.Errorf("process %+v, of %s", rep.Process, v.build.path)
	}
	if rep.Build == nil || v.build.toolchain != "" && rep.Build.GoVersion != v.build.toolchain {
		t.Errorf("build %+v, by %s", rep.Build, v.build.toolchain)
	}
	if len(rep.Registers) < 16 || rep.Code == nil || len(rep.Stack) == 0 || len(rep.Modules) == 0 {
		t.Errorf("%d registers, code %v, %d stack rows, %d modules", len(rep.Registers), rep.Code, len(rep.Stack), len(rep.Modules))
	}
	if v.stripped() {
		const note = "C functions have no names and lines: the program was linked with -s, or stripped; "
		if len(rep.Notes) != 1 || !strings.HasPrefix(rep.Notes[0], note) {
			t.Errorf("notes: %q, want one that begins with %q", rep.Notes, note)
		}
	} else if len(rep.Notes) != 0 {
		t.Errorf("notes: %q", rep.Notes)
	}
}

// checkAddresses looks at what the registers and the stack words point to: each is what the
// report shows there, and a return address has the function of its frame.
func checkAddresses(t *testing.T, rep *report.Report) {
	t.Helper()
	value := make(map[string]report.Word)
	for _, r := range rep.Registers {
		value[r.Name] = r.Value
	}
	var words []report.Word
	for _, row := range rep.Stack {
		words = append(words, row.Words...)
	}
	named := make(map[report.Word]string)
	for _, a := range rep.Addresses {
		v, there := value[a.Place]
		if offset, ok := a.Offset(); ok && offset/8 < uint64(len(words)) {
			v, there = words[offset/8], true
		}
		if !there || v != a.Frame.PC {
			t.Errorf("%s is %v, and said to point to %+v", a.Place, v, a.Frame)
		}
		named[v] = a.Frame.Func
	}
	for _, f := range rep.Current().Frames[1:] {
		returns := f.PC != 0 && !f.Inlined && (f.Kind == report.SourceFrame || f.Kind == report.BinaryFrame)
		if !returns || f.How != report.Exact || !slices.Contains(words, f.PC) {
			continue
		}
		if name, ok := named[f.PC]; !ok || name != f.Func {
			t.Errorf("%v on the stack is the return address of %s, and said to point to %q", f.PC, f.Func, name)
		}
	}
}

// checkMessage looks at what the C library said.
func checkMessage(t *testing.T, w *want, rep *report.Report) {
	t.Helper()
	if w.message == "" {
		if len(rep.Messages) != 0 {
			t.Errorf("messages of a crash that has none: %q", rep.Messages)
		}
		return
	}
	if len(rep.Messages) != 1 || !regexp.MustCompile(w.message).MatchString(rep.Messages[0]) {
		t.Errorf("messages %q, want %s", rep.Messages, w.message)
	}
}

// checkInnermost looks at the frame of the fault itself.
func (v *variant) checkInnermost(t *testing.T, k kind, w *want, rep *report.Report, f report.Frame) {
	t.Helper()
	switch {
	case k.has("bad-pc"):
		if f.Kind != report.NotExecutableFrame {
			t.Errorf("the innermost frame is %q, want one that cannot be executed", f)
		}
	case k.has("below-library"):
		if f.Module == "" || f.Func == k.Func || v.isProgram(f) && !w.unnamed && own(f) != "" {
			t.Errorf("the innermost frame is %q, want one of a library", f)
		}
	default:
		if f.Module == "" || v.nameOf(t, w, f, 0) != k.Func {
			t.Errorf("the innermost frame is %q, want %s", f, k.Func)
		}
	}
	for _, register := range rep.Registers {
		if (register.Name == "rip" || register.Name == "pc") && register.Value != f.PC {
			t.Errorf("the innermost frame is %q, the PC is %v", f, register.Value)
		}
	}
}

// checkStack looks at the stack as a whole.
func (v *variant) checkStack(t *testing.T, k kind, w *want, frames []report.Frame) {
	t.Helper()
	var names []string
	gap, repeats := false, 0
	for i, f := range frames {
		switch f.Kind {
		case report.SourceFrame, report.BinaryFrame:
			if f.How != report.Exact && !w.guesses {
				t.Errorf("frame %d was guessed: %q", i, f)
			}
			if v.isProgram(f) && w.unnamed && f.Func != "" && (v.static() || !slices.Contains(exported, f.Func)) {
				t.Errorf("frame %d has a name where none can be known: %q", i, f)
			}
			source := f.Kind == report.SourceFrame && f.Line > 0 && f.File != ""
			f.Func = v.nameOf(t, w, f, i)
			if name := own(f); name != "" {
				names = append(names, name)
				// A library whose constructor crashes is too new to have been read.
				if !source && v.isProgram(f) && !w.unnamed {
					t.Errorf("frame %d has no line: %q", i, f)
				}
			} else if v.isProgram(f) && !v.isPlumbing(f) {
				t.Errorf("frame %d is no function that was called: %q", i, f)
			}
		case report.NotExecutableFrame:
			gap = gap || i > 0
		case report.LostFrames:
			gap = true
		case report.RepeatedFrames:
			repeats++
			for range f.Count {
				names = append(names, names[len(names)-f.Lines:]...)
			}
		default:
			t.Errorf("frame %d is out of place: %q", i, f)
		}
	}
	if gap != w.gap {
		t.Errorf("a gap in the stack: %v, want %v", gap, w.gap)
	}
	if deep := k.has("deep"); deep != (repeats > 0) {
		t.Errorf("%d runs of repeated frames, of a deep recursion: %v", repeats, deep)
	} else if deep {
		names = v.checkRecursion(t, k, names)
	}
	if want := w.frames; !slices.Equal(names, want) && !(w.mayMiss && leads(names, want)) {
		t.Errorf("the program's functions on the stack are\n  %s\nwant\n  %s", strings.Join(names, " "), strings.Join(want, " "))
	}
	if last := frames[len(frames)-1]; len(w.end) > 0 {
		if name := v.nameOf(t, w, last, len(frames)-1); !slices.Contains(w.end, name) {
			t.Errorf("the stack ends with %q, want one of %v", last, w.end)
		}
	}
}

// checkRecursion counts the calls of a recursion and takes out all but the first of each function.
func (v *variant) checkRecursion(t *testing.T, k kind, names []string) []string {
	t.Helper()
	rounds := 0
	seen := map[string]bool{}
	rest := slices.DeleteFunc(names, func(name string) bool {
		recursive := name == k.Func || name == "demo_recursion2_other"
		if recursive {
			rounds++
		}
		again := recursive && seen[name]
		seen[name] = true
		return again
	})
	if want := 1001; k.Name == "recursion2" && rounds != want || rounds < 100 {
		t.Errorf("%d calls in the recursion, want %d", rounds, want)
	}
	return rest
}

// leads reports whether got is want less some of its C functions, but the first.
func leads(got, want []string) bool {
	if len(got) == 0 || got[0] != want[0] {
		return false
	}
	got = got[1:]
	for _, name := range want[1:] {
		if len(got) > 0 && got[0] == name {
			got = got[1:]
		} else if isGo(name) {
			return false
		}
	}
	return len(got) == 0
}

// own returns the name of a function that crashdemo's table may list, less the import path, or "".
func own(f report.Frame) string {
	name := f.Func
	if f.Module == "" {
		name = path.Base(name)
		if strings.HasPrefix(name, "main._C") || strings.HasPrefix(name, "crashes._C") {
			return ""
		}
		if strings.HasPrefix(name, "main.") || strings.HasPrefix(name, "crashes.") {
			return name
		}
		return ""
	}
	for _, prefix := range []string{"crash_", "demo_", "enter_"} {
		if strings.HasPrefix(name, prefix) {
			return name
		}
	}
	return ""
}

// exported are the functions that cgo makes for the program's //export comments: those of its C code that are in the
// dynamic symbol table.
var exported = []string{"goVisit", "goBetween", "goOnThread"}

// isProgram reports whether a frame is in the program's own file: its C part, and in a static one the C library.
func (v *variant) isProgram(f report.Frame) bool {
	return f.Module == v.build.path
}

// isPlumbing reports whether a frame of the program's file may stand between those of the table: what cgo generates, the
// wrapper of pthread_create, the handler of std::terminate, C++ templates, calls that were inlined, and in static programs
// any function of a library. (Where the functions that are not exported have no names, all of these have none.)
func (v *variant) isPlumbing(f report.Frame) bool {
	if v.static() || f.Inlined {
		return true
	}
	switch f.Func {
	case "epitaph_thread_start", "on_terminate":
		return true
	case "":
		return v.stripped()
	}
	if slices.Contains(exported, f.Func) {
		return true
	}
	// A name that was looked up in a symbol table is one of the linker's.
	return strings.HasPrefix(f.Func, "_cgo_") || strings.HasPrefix(f.Func, "std::") || strings.HasPrefix(f.Func, "_ZNSt")
}
