package sentry

import (
	"path"
	"strings"

	"github.com/epitaph-go/epitaph/report"
)

type stacktrace struct {
	Frames    []frame           `json:"frames"`
	Registers map[string]string `json:"registers,omitempty"`
}

type frame struct {
	Function        string `json:"function,omitempty"`
	Module          string `json:"module,omitempty"` // a Go package
	Package         string `json:"package,omitempty"`
	Filename        string `json:"filename,omitempty"`
	AbsPath         string `json:"abs_path,omitempty"`
	Lineno          int    `json:"lineno,omitempty"`
	Platform        string `json:"platform"`
	InApp           bool   `json:"in_app"`
	Trust           string `json:"trust,omitempty"`
	InstructionAddr string `json:"instruction_addr,omitempty"`
	ImageAddr       string `json:"image_addr,omitempty"`
	SymbolAddr      string `json:"symbol_addr,omitempty"`
}

// stackOf is a stack in Sentry's order, oldest call first; nil where there are no calls.
func stackOf(r *report.Report, frames []report.Frame) *stacktrace {
	s := new(stacktrace)
	for i := len(frames) - 1; i >= 0; i-- {
		if v, ok := frameOf(r, frames[i]); ok {
			s.Frames = append(s.Frames, v)
		}
	}
	if len(s.Frames) == 0 {
		return nil
	}
	return s
}

var trusts = map[report.How]string{report.Exact: "cfi", report.FramePointer: "fp", report.Scan: "scan", report.AfterScan: "scan"}

// frameOf returns a call; other lines of a stack are none.
func frameOf(r *report.Report, f report.Frame) (v frame, ok bool) {
	switch f.Kind {
	case report.SourceFrame, report.BinaryFrame, report.CodeFrame, report.UnknownFrame, report.NotExecutableFrame, report.CreatedBy:
	default:
		return v, false
	}
	v = frame{Function: f.Func, AbsPath: f.File, Lineno: f.Line, Package: f.Module, InApp: r.InApp(f), Platform: "native"}
	if f.File != "" {
		v.Filename = path.Base(f.File)
	}
	if f.IsGo() || f.Kind == report.CreatedBy {
		v.Platform = "go"
		v.Module, v.Function = splitGo(f.Func)
	}
	// Sentry looks an address up again, and then has the calls that were inlined there too:
	// with the address on each of them they would be shown twice.
	if f.PC != 0 && !f.Inlined {
		v.InstructionAddr, v.Trust = hexOf(uint64(f.PC)), trusts[f.How]
		if m := r.Module(f.PC); m != nil {
			v.ImageAddr = hexOf(uint64(m.Start))
		}
		if f.Func != "" && f.Offset != 0 && uint64(f.Offset) <= uint64(f.PC) {
			v.SymbolAddr = hexOf(uint64(f.PC) - uint64(f.Offset))
		}
	}
	return v, true
}

// splitGo splits a Go function into its package and what sentry-go calls the function,
// "(*Decoder).Next". The path of a package may have dots, behind its last slash only
// as %2e.
func splitGo(name string) (pkg, function string) {
	end := strings.IndexAny(name, "[(")
	if end < 0 {
		end = len(name)
	}
	slash := strings.LastIndexByte(name[:end], '/') + 1
	dot := strings.IndexByte(name[slash:], '.')
	if dot < 0 {
		return "", name
	}
	return strings.ReplaceAll(name[:slash+dot], "%2e", "."), name[slash+dot+1:]
}
