package stackfmt_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// parseFiles parses the Go files of the package whose names fit.
func parseFiles(t *testing.T, fset *token.FileSet, fits func(name string) bool) []*ast.File {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil || len(names) == 0 {
		t.Fatal("no source files", err)
	}
	var files []*ast.File
	for _, name := range names {
		if !fits(name) {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

func isTest(name string) bool { return strings.HasSuffix(name, "_test.go") }

// parsePackage returns the documentation of the package.
func parsePackage(t *testing.T) *doc.Package {
	t.Helper()
	fset := token.NewFileSet()
	files := parseFiles(t, fset, func(name string) bool { return !isTest(name) })
	p, err := doc.NewFromFiles(fset, files, "github.com/epitaph-go/epitaph/stackfmt")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestDocumented: each exported name has a comment.
func TestDocumented(t *testing.T) {
	p := parsePackage(t)
	check := func(name, text string) {
		if ast.IsExported(name[strings.LastIndexByte(name, '.')+1:]) && strings.TrimSpace(text) == "" {
			t.Errorf("%s has no comment", name)
		}
	}
	values := func(list []*doc.Value) {
		for _, v := range list {
			for _, s := range v.Decl.Specs {
				s := s.(*ast.ValueSpec)
				for _, n := range s.Names {
					check(n.Name, v.Doc+s.Doc.Text()+s.Comment.Text())
				}
			}
		}
	}
	check("Package", p.Doc)
	values(p.Consts)
	values(p.Vars)
	for _, f := range p.Funcs {
		check(f.Name, f.Doc)
	}
	for _, typ := range p.Types {
		check(typ.Name, typ.Doc)
		values(typ.Consts)
		values(typ.Vars)
		for _, f := range append(typ.Funcs, typ.Methods...) {
			check(typ.Name+"."+f.Name, f.Doc)
		}
	}
}

// TestCounterparts: the functions of Python's traceback module, by the names that
// they have here. The comment of each says which one it answers to.
func TestCounterparts(t *testing.T) {
	docs := map[string]string{}
	p := parsePackage(t)
	add := func(prefix string, list []*doc.Func) {
		for _, f := range list {
			docs[prefix+f.Name] = f.Doc
		}
	}
	add("", p.Funcs)
	for _, typ := range p.Types {
		add("", typ.Funcs)
		add(typ.Name+".", typ.Methods)
		docs[typ.Name] = typ.Doc
	}
	for python, names := range map[string]string{
		"extract_stack": "ExtractStack", "extract_tb": "ExtractError", "format_exception": "FormatError",
		"format_exception_only": "FormatErrorOnly", "format_list": "FormatList", "format_stack": "FormatStack",
		"format_tb": "FormatErrorStack", "print_exc": "PrintPanic", "format_exc": "FormatPanic",
		"print_exception": "PrintError", "print_last": "PrintLast", "print_stack": "PrintStack",
		"print_tb": "PrintErrorStack", "clear_frames": "ClearFrames", "walk_stack": "WalkStack",
		"walk_tb": "WalkError", "print_list": "PrintList", "FrameSummary": "Frame", "StackSummary": "Stack",
		"TracebackException": "Traceback", "TracebackException.format": "Traceback.Lines",
		"TracebackException.print": "Traceback.Print", "TracebackException.from_exception": "FromError",
		"TracebackException.format_exception_only": "Traceback.FormatErrorOnly",
		"StackSummary.format":                      "Stack.Format", "StackSummary.format_frame_summary": "FrameHook",
		"linecache.getline": "Source.Line", "linecache.clearcache": "Source.Reset",
	} {
		text, ok := docs[names]
		if !ok {
			t.Errorf("%s is missing", names)
		} else if !strings.Contains(strings.Join(strings.Fields(text), " "), python) {
			t.Errorf("the comment of %s does not name %s", names, python)
		}
	}
}

// TestExamples: each main function has an example with output.
func TestExamples(t *testing.T) {
	found := map[string]bool{}
	for _, f := range parseFiles(t, token.NewFileSet(), isTest) {
		for _, e := range doc.Examples(f) {
			found[e.Name] = e.Output != ""
		}
	}
	for _, name := range []string{
		"", "AddNote", "AppendError", "ExtractStack", "FormatError", "FormatErrorOnly", "FormatList", "FormatStack",
		"FromError", "FromPanic", "GroupStacks", "ParseGoroutines", "PrintError", "PrintLast", "PrintPanic", "PrintStack",
		"ScanGoroutines", "Stack_Append", "Stack_Format", "Suggest", "Traceback_Append", "Traceback_Lines",
		"Traceback_LogValue", "Traceback_OTelAttributes", "WalkStack", "WithElideShared", "WithFrameHook", "WithHidden",
		"WithLocals", "WithPathRewrite", "WithRecursion", "WithSourceFS", "WithStyle", "Wrap",
	} {
		if !found[name] {
			t.Errorf("no example with output for %q", name)
		}
	}
}
