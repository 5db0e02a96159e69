package report

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

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
func Resolve(r *Report, dirs ...string) error {
	s := resolver{report: r, dirs: dirs, modules: make(map[*Module]*moduleSymbols)}
	defer s.free()
	changed := false
	for i := range r.Threads {
		t := &r.Threads[i]
		frames := s.stack(t.Frames)
		changed = changed || len(frames) != len(t.Frames)
		t.Frames = frames
	}
	if changed {
		r.Layout = "" // it counts the lines
	}
	return errors.Join(s.problems...)
}

// moduleSymbols are what was found of a module; its block is nil when nothing was.
type moduleSymbols struct {
	block  *block.Block
	result *symindex.Result
	bias   uint64
}

type resolver struct {
	report   *Report
	dirs     []string
	modules  map[*Module]*moduleSymbols
	problems []error
}

func (s *resolver) free() {
	for _, m := range s.modules {
		if m.result != nil {
			m.result.Free()
		}
	}
}

// resolveBudget is the most memory that a module's symbols may take.
const resolveBudget = 1 << 30

// symbols reads those of a module, once.
func (s *resolver) symbols(m *Module) *moduleSymbols {
	if known := s.modules[m]; known != nil {
		return known
	}
	found := new(moduleSymbols)
	s.modules[m] = found
	if strings.HasPrefix(m.Path, "[") {
		return found // the vDSO, which has no file
	}
	id, err := hex.DecodeString(m.BuildID)
	if err != nil {
		return found
	}
	result, err := symindex.BuildByID(m.Path, symindex.Options{BuildID: id, Budget: resolveBudget, DebugDirs: s.dirs})
	if err != nil {
		s.problems = append(s.problems, fmt.Errorf("report: %w", err))
		return found
	}
	found.result, found.bias = result, uint64(m.Start)-result.Start
	if found.block, err = block.Parse(result.Data); err != nil {
		s.problems = append(s.problems, fmt.Errorf("report: %s: %w", m.Path, err))
	}
	return found
}

// stack resolves the frames of a stack. The innermost frame is where the thread was,
// as is the one that a signal interrupted; all others are return addresses, which are
// behind the call.
func (s *resolver) stack(frames []Frame) []Frame {
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
func (s *resolver) frame(out []Frame, f Frame, exact bool) []Frame {
	m := s.report.Module(f.PC)
	if m == nil {
		return append(out, f)
	}
	symbols := s.symbols(m)
	if symbols.block == nil {
		return append(out, f)
	}
	pc := uint64(f.PC) - symbols.bias
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
