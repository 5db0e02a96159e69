package stackfmt

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"strings"
)

// Go records no columns, so the expression that a Go frame stands in is found in
// the syntax tree: the call on that line whose name is that of the next frame's
// function or, where a run-time error arose, the expression on that line that can
// raise it. If that is not exactly one, there is no caret: a wrong one would send
// the reader to the wrong place.

// failure is a kind of expression that can fail at run time.
type failure uint8

const (
	noFailure failure = iota
	failIndex
	failSlice
	failDivide
	failDeref
	failAssert
	failConvert
	failShift
	failMapWrite
	failSend
	failClose
	failMake
	failPanic
)

// failureKind tells what failed from the function of the runtime that the frame
// called, "" if the stack ends there, and from the message of the error. The
// names are those of runtime/panic.go, the texts of runtime/error.go.
func failureKind(callee, message string) failure {
	name, inRuntime := strings.CutPrefix(callee, "runtime.")
	if inRuntime {
		for _, k := range failuresByCallee {
			if strings.HasPrefix(name, k.prefix) {
				return k.kind
			}
		}
		// These stand for several kinds; the message decides.
		switch {
		case strings.HasPrefix(name, "panicBounds"), name == "sigpanic", name == "gopanic", name == "panicmem", name == "panicmemAddr":
		default:
			return noFailure
		}
	}
	if callee != "" && !inRuntime {
		return noFailure
	}
	text := strings.TrimPrefix(message, "runtime error: ")
	for _, k := range failuresByMessage {
		if strings.HasPrefix(text, k.prefix) {
			return k.kind
		}
	}
	switch name {
	case "gopanic":
		return failPanic
	case "panicmem", "panicmemAddr", "sigpanic":
		return failDeref
	}
	return noFailure
}

type failureName struct {
	prefix string
	kind   failure
}

var failuresByCallee = []failureName{
	{"goPanicIndex", failIndex}, {"panicIndex", failIndex},
	{"goPanicSlice", failSlice}, {"panicSlice", failSlice},
	{"panicdivide", failDivide}, {"panicshift", failShift},
	{"panicdottype", failAssert}, {"panicnildottype", failAssert}, {"assertE2I", failAssert}, {"typeAssert", failAssert},
	{"mapassign", failMapWrite}, {"chansend", failSend}, {"closechan", failClose},
	{"makeslice", failMake}, {"panicmakeslice", failMake}, {"makechan", failMake},
}

var failuresByMessage = []failureName{
	{"index out of range", failIndex},
	{"slice bounds out of range", failSlice},
	{"integer divide by zero", failDivide},
	{"invalid memory address or nil pointer dereference", failDeref},
	{"interface conversion: ", failAssert},
	{"cannot convert slice ", failConvert},
	{"negative shift amount", failShift},
	{"assignment to entry in nil map", failMapWrite},
	{"send on closed channel", failSend},
	{"close of ", failClose},
	{"makeslice: ", failMake}, {"makechan: ", failMake},
}

// span is a range of source text: endLine is 1-based, the columns are byte
// offsets in the first and in the last line.
type span struct{ endLine, col, endCol int }

// goSyntax lists the expressions of a file that a frame can stand in, by line.
// It takes the place of the tree, which is some thirty times as large.
type goSyntax struct {
	calls    map[int][]goExpr
	failures map[int][]goExpr
}

type goExpr struct {
	name    string // of the called function
	kind    failure
	line    int
	builtin bool
	span    span
}

// locate returns the range of the expression that the frame at line stands in.
func (f *sourceFile) locate(line int, callee string, kind failure) (span, bool) {
	if callee == "" && kind == noFailure {
		return span{}, false
	}
	f.once.Do(func() { f.syntax = parseGoSyntax(f.text) })
	if f.syntax == nil {
		return span{}, false
	}
	var found *goExpr
	if kind != noFailure && kind != failPanic && kind != failClose && kind != failMake {
		found = only(f.syntax.failures[line], func(e *goExpr) bool { return e.kind == kind })
	} else {
		found = f.syntax.call(line, callee, kind)
	}
	// A range that starts on another line cannot be drawn from this one.
	if found == nil || found.line != line {
		return span{}, false
	}
	return found.span, true
}

// call finds the one call on a line that can have led to callee.
func (g *goSyntax) call(line int, callee string, kind failure) *goExpr {
	calls := g.calls[line]
	switch kind {
	case failPanic:
		return only(calls, func(e *goExpr) bool { return e.name == "panic" })
	case failClose:
		return only(calls, func(e *goExpr) bool { return e.name == "close" })
	case failMake:
		return only(calls, func(e *goExpr) bool { return e.name == "make" })
	}
	name, closure := funcName(callee)
	if closure {
		// A closure is called by any name. If there is but one call on the
		// line, it must be this one.
		return only(calls, func(e *goExpr) bool { return !e.builtin })
	}
	return only(calls, func(e *goExpr) bool { return e.name == name })
}

// only returns the element that fits, if it is one.
func only(list []goExpr, fits func(*goExpr) bool) *goExpr {
	var found *goExpr
	for i := range list {
		if fits(&list[i]) {
			if found != nil {
				return nil
			}
			found = &list[i]
		}
	}
	return found
}

// funcName returns the name by which source text calls a function that the
// runtime names fn, such as Next for "example.com/a/b.(*List[...]).Next", and
// whether it is a function literal.
func funcName(fn string) (name string, closure bool) {
	// Type arguments may hold slashes and dots.
	if i := strings.IndexByte(fn, '['); i >= 0 {
		if j := strings.LastIndexByte(fn, ']'); j > i {
			fn = fn[:i] + fn[j+1:]
		}
	}
	fn = fn[strings.LastIndexByte(fn, '/')+1:]
	if _, rest, ok := strings.Cut(fn, "."); ok { // not a builtin, such as panic
		fn = rest
	}
	fn = strings.TrimSuffix(fn, "-fm")
	name = fn[strings.LastIndexByte(fn, '.')+1:]
	// Literals are numbered: main.f.func1, main.f.func1.2, main.f.gowrap1.
	digits := strings.TrimRight(name, "0123456789")
	switch {
	case digits == "" && name != "":
		return name, true
	case digits != name && (digits == "func" || digits == "gowrap" || digits == "deferwrap") && strings.Contains(fn, "."):
		return name, true
	case strings.Contains(digits, "-range"):
		return name, true
	}
	return name, false
}

// builtins are called like functions but never lead to a frame of the program.
var builtins = map[string]bool{
	"append": true, "cap": true, "clear": true, "close": true, "complex": true, "copy": true, "delete": true,
	"imag": true, "len": true, "make": true, "max": true, "min": true, "new": true, "panic": true, "print": true,
	"println": true, "real": true, "recover": true,
}

// parseGoSyntax lists the expressions of a Go file. It returns nil if the text
// does not parse.
func parseGoSyntax(text string) *goSyntax {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", text, parser.SkipObjectResolution)
	if err != nil {
		return nil
	}
	b := syntaxBuilder{
		g:        &goSyntax{calls: map[int][]goExpr{}, failures: map[int][]goExpr{}},
		file:     fset.File(file.FileStart),
		packages: map[string]bool{},
		written:  map[ast.Expr]bool{},
		types:    map[ast.Expr]bool{},
	}
	for _, imp := range file.Imports {
		name := path.Base(strings.Trim(imp.Path.Value, "`\""))
		if imp.Name != nil {
			name = imp.Name.Name
		}
		b.packages[name] = true
	}
	ast.Inspect(file, b.visit)
	return b.g
}

type syntaxBuilder struct {
	g        *goSyntax
	file     *token.File
	packages map[string]bool
	written  map[ast.Expr]bool // left sides of assignments
	types    map[ast.Expr]bool // types, in which * is no dereference
}

func (b *syntaxBuilder) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CallExpr:
		b.addCall(n)
		if isArrayType(n.Fun) {
			b.addFailure(n, failConvert, n.Lparen)
		}
	case *ast.AssignStmt:
		for _, l := range n.Lhs {
			b.written[ast.Unparen(l)] = true
		}
		if n.Tok == token.QUO_ASSIGN || n.Tok == token.REM_ASSIGN {
			b.addFailure(n, failDivide, n.TokPos)
		}
		if n.Tok == token.SHL_ASSIGN || n.Tok == token.SHR_ASSIGN {
			b.addFailure(n, failShift, n.TokPos)
		}
	case *ast.IncDecStmt:
		b.written[ast.Unparen(n.X)] = true
	case *ast.IndexExpr:
		b.addFailure(n, failIndex, n.Lbrack)
		if b.written[n] {
			b.addFailure(n, failMapWrite, n.Lbrack)
		}
	case *ast.SliceExpr:
		b.addFailure(n, failSlice, n.Lbrack)
	case *ast.BinaryExpr:
		switch n.Op {
		case token.QUO, token.REM:
			b.addFailure(n, failDivide, n.OpPos)
		case token.SHL, token.SHR:
			b.addFailure(n, failShift, n.OpPos)
		}
	case *ast.Field:
		b.types[n.Type] = true
	case *ast.ValueSpec:
		b.types[n.Type] = true
	case *ast.CompositeLit:
		b.types[n.Type] = true
	case *ast.StarExpr:
		if !b.types[n] {
			b.addFailure(n, failDeref, n.Star)
		}
	case *ast.SelectorExpr:
		if x, ok := n.X.(*ast.Ident); !ok || !b.packages[x.Name] {
			b.addFailure(n, failDeref, n.Sel.Pos())
		}
	case *ast.TypeAssertExpr:
		if n.Type != nil { // not x.(type)
			b.types[n.Type] = true
			b.addFailure(n, failAssert, n.Lparen)
		}
	case *ast.SendStmt:
		b.addFailure(n, failSend, n.Arrow)
	}
	return true
}

// calledName returns the name in a call's callee and where it stands.
func calledName(fun ast.Expr) (string, token.Pos) {
	switch f := ast.Unparen(fun).(type) {
	case *ast.Ident:
		return f.Name, f.Pos()
	case *ast.SelectorExpr:
		return f.Sel.Name, f.Sel.Pos()
	case *ast.IndexExpr:
		return calledName(f.X)
	case *ast.IndexListExpr:
		return calledName(f.X)
	}
	return "", fun.Pos()
}

func (b *syntaxBuilder) expr(n ast.Node, kind failure) goExpr {
	start, end := b.position(n.Pos()), b.position(n.End())
	return goExpr{
		kind: kind, line: start.line,
		span: span{endLine: end.line, col: start.col, endCol: end.col},
	}
}

// addCall lists a call under the line of its opening parenthesis, which is the
// one that the compiler reports. In a chain of methods over several lines the
// range starts at the name, the only part of the callee on that line.
func (b *syntaxBuilder) addCall(n *ast.CallExpr) {
	name, at := calledName(n.Fun)
	e := b.expr(n, noFailure)
	e.name, e.builtin = name, builtins[name]
	line := b.position(n.Lparen).line
	if pos := b.position(at); e.line != line && pos.line == line {
		e.line, e.span.col = line, pos.col
	}
	if fun := b.position(n.Fun.End()); hasLongLiteral(n.Args) && fun.line == line {
		// The body of a function literal is not what is being called.
		e.span.endLine, e.span.endCol = fun.line, fun.col
	}
	b.g.calls[line] = append(b.g.calls[line], e)
}

// isArrayType reports whether a call converts to an array or to a pointer to one.
func isArrayType(fun ast.Expr) bool {
	fun = ast.Unparen(fun)
	if p, ok := fun.(*ast.StarExpr); ok {
		fun = p.X
	}
	a, ok := fun.(*ast.ArrayType)
	return ok && a.Len != nil
}

func hasLongLiteral(args []ast.Expr) bool {
	for _, a := range args {
		if f, ok := a.(*ast.FuncLit); ok && len(f.Body.List) > 0 {
			return true
		}
	}
	return false
}

// addFailure lists an expression under the lines that the compiler may report
// for it: that of its operator or bracket and the one that it starts on.
func (b *syntaxBuilder) addFailure(n ast.Node, kind failure, at token.Pos) {
	e := b.expr(n, kind)
	b.g.failures[e.line] = append(b.g.failures[e.line], e)
	if line := b.position(at).line; line != e.line {
		b.g.failures[line] = append(b.g.failures[line], e)
	}
}

type sourcePos struct{ line, col int }

// position ignores //line comments: the offsets must be those of this text.
func (b *syntaxBuilder) position(p token.Pos) sourcePos {
	at := b.file.PositionFor(p, false)
	return sourcePos{at.Line, at.Column - 1}
}
