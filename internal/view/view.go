// Package view decides how a report is shown to people, for a terminal and for a page:
// which frames are folded, which threads are idle, which answers come first. It prints
// nothing.
package view

import (
	"path"
	"strconv"
	"strings"

	"github.com/epitaph-go/epitaph/report"
)

// A Viewer looks at the frames of one report.
type Viewer struct {
	r     *report.Report
	known map[key]Kind
	roots []string // taken off the paths of files
}

// New returns a Viewer of a report, which must not change any more.
func New(r *report.Report) *Viewer {
	v := &Viewer{r: r, known: make(map[key]Kind)}
	v.findRoots()
	return v
}

// Kind says whose a frame is.
type Kind uint8

const (
	Program  Kind = iota // the program's own
	Library              // of libc, of Go's standard library
	Plumbing             // between Go and C, where stacks begin, where Go ends a process, Epitaph's own
	Mark                 // a line that is no call: "... (7 more frames)"
	Creator              // the go statement
)

// key is what the kind of a call depends on.
type key struct {
	kind         report.FrameKind
	fn, mod, ext string
}

// KindOf returns whose a frame is.
func (v *Viewer) KindOf(f report.Frame) Kind {
	switch f.Kind {
	case report.SourceFrame, report.BinaryFrame, report.CodeFrame:
	case report.CreatedBy:
		return Creator
	default:
		return Mark
	}
	k := key{f.Kind, f.Func, f.Module, f.File}
	kind, ok := v.known[k]
	if !ok {
		switch {
		case v.r.InApp(f):
			kind = Program
		case v.r.Plumbing(f) || v.r.Signal == nil && dying[f.Func]:
			kind = Plumbing
		default:
			kind = Library
		}
		v.known[k] = kind
	}
	return kind
}

// dying are the functions in which Go ends a process, on top of every stack of a panic or a
// fatal error, where the cause is never found.
var dying = map[string]bool{
	"runtime.raise": true, "runtime.dieFromSignal": true, "runtime.crash": true, "runtime.fatalpanic": true, "runtime.gopanic": true,
	"runtime.throw": true, "runtime.fatalthrow": true, "runtime.fatal": true,
}

// A Frame is one line of a stack.
type Frame struct {
	report.Frame
	Shown Kind
	Go    bool
	// Title is the function, or what there is instead of one; Place the file and line,
	// short, or the module and offset.
	Title, Place string
}

// InApp reports whether the frame is the program's.
func (f *Frame) InApp() bool { return f.Shown == Program }

// Call reports whether the frame is a call, of Go or of C.
func (f *Frame) Call() bool { return f.Shown <= Plumbing }

// Notes are what limits the trust in a frame: "inlined", "found by a scan".
func (f *Frame) Notes() []string {
	var list []string
	if f.Inlined {
		list = append(list, "inlined")
	}
	if f.Near {
		list = append(list, "nearest line")
	}
	switch f.How {
	case report.FramePointer:
		list = append(list, "frame pointer")
	case report.Scan:
		list = append(list, "found by a scan")
	case report.AfterScan:
		list = append(list, "after a scan")
	}
	return list
}

// Frame returns how one frame is shown.
func (v *Viewer) Frame(f report.Frame) Frame {
	s := Frame{Frame: f, Shown: v.KindOf(f), Go: f.IsGo(), Title: f.Name()}
	switch {
	case f.Kind == report.CreatedBy:
		s.Title = "created by " + f.Func
		if f.Goroutine != 0 {
			s.Title += " in goroutine " + strconv.FormatUint(f.Goroutine, 10)
		}
		fallthrough
	case f.File != "":
		s.Place = v.short(f.File)
		if f.Line > 0 {
			s.Place += ":" + strconv.Itoa(f.Line)
		}
	case (f.Kind == report.BinaryFrame || f.Kind == report.CodeFrame) && f.Func != "":
		s.Place = path.Base(f.Module) + ", +0x" + strconv.FormatUint(uint64(f.Offset), 16)
	}
	return s
}

// A Run is frames that follow each other; those of a folded one are plumbing.
type Run struct {
	Frames []Frame
	Folded bool
}

// Label says what is folded: "4 cgo frames".
func (r *Run) Label() string {
	what := "runtime"
	for _, f := range r.Frames {
		if isCgo(f.Func) {
			what = "cgo"
		}
	}
	if len(r.Frames) == 1 {
		return "1 " + what + " frame"
	}
	return strconv.Itoa(len(r.Frames)) + " " + what + " frames"
}

func isCgo(name string) bool {
	return strings.Contains(name, "cgo") || strings.Contains(name, "_Cfunc_") || name == "crosscall2"
}

// Runs splits a stack into what is shown and what is folded.
func (v *Viewer) Runs(frames []report.Frame) []Run {
	var runs []Run
	for _, f := range frames {
		s := v.Frame(f)
		folded := s.Shown == Plumbing
		if n := len(runs); n == 0 || runs[n-1].Folded != folded {
			runs = append(runs, Run{Folded: folded})
		}
		last := &runs[len(runs)-1]
		last.Frames = append(last.Frames, s)
	}
	return runs
}

// Top returns the frame that stands for a stack: the innermost one of the program, or of
// a library, or any.
func (v *Viewer) Top(frames []report.Frame) Frame {
	best, kind := -1, Creator+1
	for i, f := range frames {
		if k := v.KindOf(f); k < kind {
			best, kind = i, k
		}
		if kind == Program {
			break
		}
	}
	if best < 0 {
		return Frame{Shown: Mark, Title: "no stack"}
	}
	return v.Frame(frames[best])
}

// Idle reports whether a thread does nothing of the program's: those of Go's runtime that
// wait, and Epitaph's own.
func (v *Viewer) Idle(t *report.Thread) bool {
	if t.Current() || t.Kind == report.CutThreads {
		return false
	}
	for _, f := range t.Frames {
		if v.KindOf(f) == Program {
			return false
		}
	}
	return true
}

// IdleThreads is how many threads the text has counted only, since their stacks say
// nothing.
func (v *Viewer) IdleThreads() int {
	if v.r.Idle == nil {
		return 0
	}
	return v.r.Idle.Runtime + v.r.Idle.Epitaph
}
