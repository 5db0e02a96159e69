package crashtest

import (
	"slices"
	"strings"

	"github.com/epitaph-go/epitaph/report"
)

// stack is the stack that a pattern is compared with: of the crash or, of a process that
// hung, where the function was.
func (r *Result) stack() []frame {
	what, _ := r.end()
	frames := r.rawStack(what)
	list := r.outline(frames)
	// Where a process ends itself, how it does so says nothing; a fault in a function of
	// libc does.
	if what == "SIGABRT" || !strings.HasPrefix(what, "SIG") {
		for i := range list {
			if r.Report.InApp(list[i].Frame) {
				break
			}
			list[i].optional = true
		}
	}
	return list
}

func (r *Result) rawStack(what string) []report.Frame {
	if what == "hang" {
		if frames := r.whereFunctionIs(); frames != nil {
			return frames
		}
		if waits := r.Report.WaitsFor(); len(waits) > 0 {
			return waits[0].Frames
		}
		return nil
	}
	if t := r.Report.Current(); t != nil && slices.ContainsFunc(t.Frames, r.Report.InApp) {
		return t.Frames
	}
	if frames := r.Report.Program(); len(frames) > 0 {
		return frames // of Go's own text
	}
	if t := r.Report.Current(); t != nil {
		return t.Frames
	}
	return nil
}

// caller is the function that has called that of Run.
const caller = "epitaph/crashtest.(*order).call"

// whereFunctionIs is the stack of the goroutine that Run has started: with its calls of C, if
// it is in one.
func (r *Result) whereFunctionIs() []report.Frame {
	if !r.ownFrames {
		return nil
	}
	hasCaller := func(frames []report.Frame) bool {
		return slices.ContainsFunc(frames, func(f report.Frame) bool {
			return f.Kind != report.CreatedBy && strings.HasSuffix(f.Func, caller)
		})
	}
	for i := range r.Report.Threads {
		if frames := r.Report.Threads[i].Frames; hasCaller(frames) {
			return frames
		}
	}
	for i := range r.Report.GoroutineGroups {
		if frames := r.Report.GoroutineGroups[i].Frames; hasCaller(frames) {
			return frames
		}
	}
	return nil
}

// outline is what of a stack counts.
func (r *Result) outline(frames []report.Frame) []frame {
	var list []frame
	for _, f := range r.Report.Outline(frames) {
		function := f.Function()
		if f.Kind == report.NotExecutableFrame {
			function = "<not executable>"
		}
		library := f.PC != 0 && f.Kind != report.NotExecutableFrame && !r.Report.InApp(f)
		list = append(list, frame{Frame: f, function: function, library: library})
	}
	return list
}

// linesMissing tells whether a stack has C functions of the program without lines:
// what was inlined cannot be seen then.
func (r *Result) linesMissing(stack []frame) bool {
	return slices.ContainsFunc(stack, func(f frame) bool {
		return f.Kind == report.BinaryFrame && r.Report.InApp(f.Frame)
	})
}

// nameless counts the C functions of the program that have no name.
func nameless(stack []frame) (n int) {
	for i := range stack {
		if stack[i].function == "" && stack[i].Kind == report.BinaryFrame && !stack[i].library {
			n++
		}
	}
	return n
}

// hidden are the C functions that Go has called and that have no frame, since they were
// inlined into the functions that cgo makes for them, or end in a jump. Only line information
// would tell: the name of cgo's function does not, as it is there in either case.
func hidden(frames []report.Frame) (functions []string) {
	for i, f := range frames {
		function, ok := strings.CutPrefix(f.Function(), "_cgo_Cfunc_")
		if ok && f.Kind == report.BinaryFrame && (i == 0 || frames[i-1].Function() != function) {
			functions = append(functions, function)
		}
	}
	return functions
}
