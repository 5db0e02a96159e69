package report

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/epitaph-go/epitaph/internal/symindex"
	"github.com/epitaph-go/epitaph/internal/symindex/block"
)

// Resolve gives the frames of C code that have no line what their modules' debug
// information has of them: function, file, line and the calls that were inlined, as
// the report would have had if the information had been at hand when it was written.
// It is for reports of stripped programs, on any platform.
//
// A module's file, or its debug file, is known by the build-id. It is looked for at
// its path, and in dirs as .build-id/xx/yyyy.debug or by the last part of its path.
// The error names the modules of frames for which none was found; all other frames
// are resolved. r is changed, and must not be used at the same time; a report that
// has no modules, as dumps have none, stays as it is.
//
// For many reports of one program, [NewResolver] reads each file once.
func Resolve(r *Report, dirs ...string) error {
	s := NewResolver(dirs...)
	defer s.Close()
	return s.Resolve(r)
}

// A Resolver resolves reports as [Resolve] does, and keeps the debug information of
// their modules for the next report. Its methods may be called concurrently.
type Resolver struct {
	dirs    []string
	mu      sync.Mutex
	modules map[moduleFile]*moduleSymbols
}

// A moduleFile is what symbols are looked for by.
type moduleFile struct{ path, buildID string }

// moduleSymbols are what was found of a module; its block is nil when nothing was.
type moduleSymbols struct {
	block  *block.Block
	result *symindex.Result
	err    error
}

// NewResolver returns a Resolver that looks for debug files in dirs, as [Resolve] does.
func NewResolver(dirs ...string) *Resolver {
	return &Resolver{dirs: dirs, modules: make(map[moduleFile]*moduleSymbols)}
}

// Close frees the debug information. The Resolver can still be used, and reads anew.
func (s *Resolver) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.modules {
		if m.result != nil {
			m.result.Free()
		}
	}
	clear(s.modules)
}

// Resolve resolves a report; see the function [Resolve].
func (s *Resolver) Resolve(r *Report) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := resolving{Resolver: s, report: r, failed: make(map[*moduleSymbols]bool)}
	changed, before := false, r.Summary()
	for i := range r.Threads {
		t := &r.Threads[i]
		frames := one.stack(t.Frames)
		changed = changed || len(frames) != len(t.Frames)
		t.Frames = frames
	}
	for i := range r.Addresses {
		one.address(&r.Addresses[i].Frame)
	}
	if changed {
		r.Layout = "" // it counts the lines
	}
	if after := r.Summary(); after != before {
		r.restate(after)
	}
	return errors.Join(one.problems...)
}

// restate has the text say what the stack says now.
func (r *Report) restate(sentence string) {
	if r.Sentence != "" {
		r.Sentence = sentence
	}
	if r.End != nil && r.End.Sentence != "" {
		r.End.Sentence = sentence
	}
}

// resolving is the work on one report.
type resolving struct {
	*Resolver
	report   *Report
	failed   map[*moduleSymbols]bool
	problems []error
}

// resolveBudget is the most memory that a module's symbols may take.
const resolveBudget = 1 << 30

// symbols reads those of a module, once.
func (s *resolving) symbols(m *Module) *moduleSymbols {
	file := moduleFile{m.Path, m.BuildID}
	found := s.modules[file]
	if found == nil {
		found = s.read(m)
		s.modules[file] = found
	}
	if found.err != nil && !s.failed[found] {
		s.failed[found] = true
		s.problems = append(s.problems, found.err)
	}
	return found
}

// isVDSO reports whether a module is the kernel's. It has a name of its own, but not everywhere.
func isVDSO(path string) bool {
	return strings.HasPrefix(path, "[") || strings.HasPrefix(path, "linux-vdso.") || strings.HasPrefix(path, "linux-gate.")
}

func (s *resolving) read(m *Module) *moduleSymbols {
	found := new(moduleSymbols)
	if isVDSO(m.Path) {
		return found // it has no file
	}
	id, err := hex.DecodeString(m.BuildID)
	if err != nil {
		return found
	}
	found.result, err = symindex.BuildByID(m.Path, symindex.Options{BuildID: id, Budget: resolveBudget, DebugDirs: s.dirs})
	if err != nil {
		found.err = fmt.Errorf("report: %w", err)
		return found
	}
	if found.block, err = block.Parse(found.result.Data); err != nil {
		found.err = fmt.Errorf("report: %s: %w", m.Path, err)
	}
	return found
}

// stack resolves the frames of a stack. The innermost frame is where the thread was,
// as is the one that a signal interrupted; all others are return addresses, which are
// behind the call.
func (s *resolving) stack(frames []Frame) []Frame {
	out := make([]Frame, 0, len(frames))
	lines := make([]int, 0, len(frames)) // of each frame
	exact := true
	for i := range frames {
		f := frames[i]
		before := len(out)
		switch f.Kind {
		case BinaryFrame:
			out = s.frame(out, f, exact)
		case RepeatedFrames:
			n := 0
			for k := max(0, i-f.Lines); k < i; k++ {
				n += lines[k]
			}
			f.Lines = n
			out = append(out, f)
		default:
			out = append(out, f)
		}
		lines = append(lines, len(out)-before)
		if f.Kind != SourceFrame || !f.Inlined {
			exact = f.Kind == SignalFrame
		}
	}
	return out
}

// frame appends the calls at a frame, or the frame as it is.
func (s *resolving) frame(out []Frame, f Frame, exact bool) []Frame {
	m := s.report.Module(f.PC)
	if m == nil {
		return append(out, f)
	}
	symbols := s.symbols(m)
	if symbols.block == nil {
		return append(out, f)
	}
	pc := uint64(f.PC) - (uint64(m.Start) - symbols.result.Start)
	at := pc
	if !exact {
		at--
	}
	calls, start, ok := symbols.block.Lookup(at, nil)
	if !ok {
		return append(out, f)
	}
	for _, c := range calls {
		call := Frame{Kind: SourceFrame, How: f.How, Inlined: c.Inlined, Near: c.Near, File: c.File, Line: c.Line, Func: c.Func, Module: f.Module, PC: f.PC}
		if c.Line == 0 || c.File == "" {
			call.Kind, call.File, call.Line, call.Near = BinaryFrame, "", 0, false
			call.Offset = Offset(pc - start)
			if c.Func == "" {
				call.Offset = Offset(pc)
			}
		}
		out = append(out, call)
	}
	return out
}

// address names the function of an address that has none. Without the code there it is not
// known whether it is a return address; one that is no function's start is taken for one.
func (s *resolving) address(f *Frame) {
	m := s.report.Module(f.PC)
	if f.Kind != BinaryFrame || f.Func != "" || m == nil {
		return
	}
	symbols := s.symbols(m)
	if symbols.block == nil {
		return
	}
	pc := uint64(f.PC) - (uint64(m.Start) - symbols.result.Start)
	calls, start, ok := symbols.block.Lookup(pc, nil)
	if !ok || start != pc {
		calls, start, ok = symbols.block.Lookup(pc-1, nil)
	}
	if ok && len(calls) > 0 && calls[len(calls)-1].Func != "" {
		f.Func, f.Offset = calls[len(calls)-1].Func, Offset(pc-start)
	}
}
