package stackfmt

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
)

// span is a range of source text: endLine is 1-based, the columns are byte
// offsets in the first and in the last line.
type span struct{ endLine, col, endCol int }

// goSyntax lists the expressions of a file that a frame can stand in, by line.
// It takes the place of the tree, which is some thirty times as large.
type goSyntax struct {
	calls    map[int][]goExpr
	failures map[int][]goExpr
	// hidden are calls without an expression, by their lines: of a function that
	// is ranged over.
	hidden map[int][]goExpr
	// exits are the functions with deferred calls, by the lines on which those
	// may run: of return statements and of the end. The compiler gives the call
	// of a deferred function the line of the exit.
	exits map[int][]*goFunc
	// resumed are those in which they may run on any line, as a function that
	// recovered goes on in the code for its exit, which has the line of whatever
	// instruction stands before it.
	resumed []*goFunc
}

type goExpr struct {
	kind    failure
	line    int
	span    span
	target  target // of a call
	literal bool   // it stands in a function literal
	after   bool   // it is the call of a go or defer statement
	spawned bool   // of a go statement
}

// goFunc is a function with deferred calls.
type goFunc struct {
	from, to int
	literal  bool
	deferred []goExpr
}

// parseGoSyntax lists the expressions of a Go file. It returns nil if the text
// does not parse, or says that its lines have other numbers.
func parseGoSyntax(text string) *goSyntax {
	if hasLineDirective(text) {
		return nil
	}
	fset := token.NewFileSet()
	// The parser resolves names within a file, which is deprecated for what it
	// cannot know of other files. This asks for local variables only.
	file, err := parser.ParseFile(fset, "", text, 0)
	if err != nil {
		return nil
	}
	b := syntaxBuilder{
		g: &goSyntax{
			calls: map[int][]goExpr{}, failures: map[int][]goExpr{}, hidden: map[int][]goExpr{}, exits: map[int][]*goFunc{},
		},
		file:   fset.File(file.FileStart),
		names:  newNames(file, text),
		marked: map[ast.Node]mark{},
	}
	b.names.line = func(p token.Pos) int { return b.position(p).line }
	ast.Inspect(file, b.visit)
	return b.g
}

// hasLineDirective reports whether a file gives its lines other numbers or another
// file's name: a frame's line is then none of this text.
func hasLineDirective(text string) bool {
	const directive = "line "
	return strings.HasPrefix(text, "//"+directive) || strings.Contains(text, "\n//"+directive) || strings.Contains(text, "/*"+directive)
}

type syntaxBuilder struct {
	g     *goSyntax
	file  *token.File
	names *names
	// stack holds the nodes that are being visited, funcs the functions among
	// them.
	stack  []ast.Node
	funcs  []*funcScope
	marked map[ast.Node]mark
}

// mark is what a node was found to be before it is visited itself.
type mark uint8

const (
	markWritten  mark = 1 << iota // the left side of an assignment
	markType                      // a type, in which * is no dereference
	markDeferred                  // the call of a defer statement
	markSpawned                   // the call of a go statement
	markTested                    // v, ok := x.(T), which does not fail
)

// funcScope is a function that is being visited.
type funcScope struct {
	goFunc
	exits map[int]bool
	// recovers says that a deferred call may end a panic, loops that a defer
	// statement may run more than once.
	recovers, loops bool
	depth           int // of loops
}

// visit is called by ast.Inspect, with nil behind the children of a node.
func (b *syntaxBuilder) visit(n ast.Node) bool {
	if n == nil {
		b.leave(b.stack[len(b.stack)-1])
		b.stack = b.stack[:len(b.stack)-1]
		return true
	}
	b.stack = append(b.stack, n)
	b.enter(n)
	b.addExpr(n)
	return true
}

func (b *syntaxBuilder) mark(n ast.Node, m mark) {
	if e, ok := n.(ast.Expr); ok {
		n = ast.Unparen(e)
	}
	b.marked[n] |= m
}

// enter keeps track of functions, and of what a statement makes of its parts.
func (b *syntaxBuilder) enter(n ast.Node) {
	switch n := n.(type) {
	case *ast.FuncDecl:
		if n.Body != nil {
			b.open(n.Body, false)
		}
	case *ast.FuncLit:
		b.open(n.Body, true)
	case *ast.ForStmt:
		b.loop(1)
	case *ast.RangeStmt:
		b.loop(1)
		b.addRange(n)
	case *ast.ReturnStmt:
		b.exit(n.Pos(), n.End())
	case *ast.DeferStmt:
		b.mark(n.Call, markDeferred)
		b.addDefer(n)
	case *ast.GoStmt:
		b.mark(n.Call, markSpawned)
	case *ast.AssignStmt:
		for _, l := range n.Lhs {
			b.mark(l, markWritten)
		}
		if len(n.Lhs) == 2 && len(n.Rhs) == 1 {
			b.mark(n.Rhs[0], markTested)
		}
	case *ast.IncDecStmt:
		b.mark(n.X, markWritten)
	case *ast.ValueSpec:
		b.mark(n.Type, markType)
		if len(n.Names) == 2 && len(n.Values) == 1 {
			b.mark(n.Values[0], markTested)
		}
	case *ast.Field:
		b.mark(n.Type, markType)
	case *ast.CompositeLit:
		b.mark(n.Type, markType)
	case *ast.TypeAssertExpr:
		b.mark(n.Type, markType)
	}
}

func (b *syntaxBuilder) leave(n ast.Node) {
	switch n := n.(type) {
	case *ast.FuncDecl:
		if n.Body != nil {
			b.close()
		}
	case *ast.FuncLit:
		b.close()
	case *ast.ForStmt, *ast.RangeStmt:
		b.loop(-1)
	}
}

func (b *syntaxBuilder) open(body *ast.BlockStmt, literal bool) {
	f := &funcScope{exits: map[int]bool{}}
	f.literal = literal
	f.from, f.to = b.position(body.Lbrace).line, b.position(body.Rbrace).line
	b.funcs = append(b.funcs, f)
	b.exit(body.Rbrace, body.Rbrace)
}

func (b *syntaxBuilder) close() {
	f := b.funcs[len(b.funcs)-1]
	b.funcs = b.funcs[:len(b.funcs)-1]
	if len(f.deferred) == 0 {
		return
	}
	for line := range f.exits {
		b.g.exits[line] = append(b.g.exits[line], &f.goFunc)
	}
	if f.recovers && (f.loops || len(f.deferred) > 1) {
		b.g.resumed = append(b.g.resumed, &f.goFunc)
	}
}

// inner returns the function that is being visited, nil outside all.
func (b *syntaxBuilder) inner() *funcScope {
	if len(b.funcs) == 0 {
		return nil
	}
	return b.funcs[len(b.funcs)-1]
}

func (b *syntaxBuilder) loop(n int) {
	if f := b.inner(); f != nil {
		f.depth += n
	}
}

// exit says that the function in hand ends on these lines.
func (b *syntaxBuilder) exit(from, to token.Pos) {
	if f := b.inner(); f != nil {
		for line := b.position(from).line; line <= b.position(to).line; line++ {
			f.exits[line] = true
		}
	}
}

func (b *syntaxBuilder) addDefer(n *ast.DeferStmt) {
	f := b.inner()
	if f == nil {
		return
	}
	e := b.expr(n.Call, noFailure)
	e.target = b.names.callee(n.Call)
	e.line = b.position(n.Call.Lparen).line
	f.deferred = append(f.deferred, e)
	f.loops = f.loops || f.depth > 0
	if lit, ok := ast.Unparen(n.Call.Fun).(*ast.FuncLit); !ok || callsRecover(lit) {
		f.recovers = true
	}
}

// callsRecover reports whether a literal calls recover itself, which counts only
// there.
func callsRecover(lit *ast.FuncLit) bool {
	found := false
	ast.Inspect(lit.Body, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name == "recover" {
			found = true
		}
		return !found
	})
	return found
}

// addRange lists the call of a function that is ranged over. A return in the body
// is carried out on a line of the statement.
func (b *syntaxBuilder) addRange(n *ast.RangeStmt) {
	t := b.names.value(n.X, 0)
	if t.kind == targetNone {
		return
	}
	e := b.expr(n.X, noFailure)
	e.target = t
	e.target.args = 2 // the body
	for line := b.position(n.For).line; line <= b.position(n.Body.Lbrace).line; line++ {
		b.g.hidden[line] = append(b.g.hidden[line], e)
	}
	b.exit(n.For, n.Body.Lbrace)
	b.exit(n.Body.Rbrace, n.Body.Rbrace)
}

func (b *syntaxBuilder) expr(n ast.Node, kind failure) goExpr {
	start, end := b.position(n.Pos()), b.position(n.End())
	f := b.inner()
	return goExpr{
		kind: kind, line: start.line, literal: f != nil && f.literal,
		span: span{endLine: end.line, col: start.col, endCol: end.col},
	}
}

type sourcePos struct{ line, col int }

func (b *syntaxBuilder) position(p token.Pos) sourcePos {
	at := b.file.PositionFor(p, false)
	return sourcePos{at.Line, at.Column - 1}
}
