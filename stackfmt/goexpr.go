package stackfmt

import (
	"go/ast"
	"go/token"
	"strings"
)

// Of the expressions of a file, the calls are listed and those that can fail.

// builtins are called like functions but never lead to a frame of the program.
var builtins = setOf("append", "cap", "clear", "close", "complex", "copy", "delete", "imag", "len", "make", "max", "min", "new",
	"panic", "print", "println", "real", "recover")

// addExpr lists n if a frame can stand in it.
func (b *syntaxBuilder) addExpr(n ast.Node) {
	switch n := n.(type) {
	case *ast.CallExpr:
		b.addCall(n)
	case *ast.AssignStmt:
		switch n.Tok {
		case token.QUO_ASSIGN, token.REM_ASSIGN:
			b.addDivision(n, n.Rhs[0], n.TokPos)
		case token.SHL_ASSIGN, token.SHR_ASSIGN:
			b.addShift(n, n.Rhs[0], n.TokPos)
		}
	case *ast.BinaryExpr:
		switch n.Op {
		case token.QUO, token.REM:
			b.addDivision(n, n.Y, n.OpPos)
		case token.SHL, token.SHR:
			b.addShift(n, n.Y, n.OpPos)
		}
	case *ast.IndexExpr:
		if b.marked[n]&markType != 0 || b.names.isFunc(n.X) {
			return // an instance of something generic
		}
		b.addFailure(n, failIndex, n.Lbrack)
		b.addFailure(n, failDeref, n.Lbrack) // of a pointer to an array
		if b.marked[n]&markWritten != 0 {
			b.addFailure(n, failMapWrite, n.Lbrack)
		}
	case *ast.SliceExpr:
		b.addFailure(n, failSlice, n.Lbrack)
		b.addFailure(n, failDeref, n.Lbrack)
	case *ast.StarExpr:
		if b.marked[n]&markType == 0 {
			b.addFailure(n, failDeref, n.Star)
		}
	case *ast.SelectorExpr:
		if !b.names.isPackage(n.X) {
			b.addFailure(n, failDeref, n.Sel.Pos(), n.X.End())
		}
	case *ast.TypeAssertExpr:
		if n.Type != nil && b.marked[n]&markTested == 0 { // not x.(type)
			b.addFailure(n, failAssert, n.Lparen)
		}
	case *ast.SendStmt:
		b.addFailure(n, failSend, n.Arrow)
	case *ast.CompositeLit:
		b.addMapLiteral(n)
	case *ast.RangeStmt:
		b.addRangeFailures(n)
	}
}

// addRangeFailures lists what a range statement can fail in: a nil pointer to an
// array, a nil function, and a left side that is written to.
func (b *syntaxBuilder) addRangeFailures(n *ast.RangeStmt) {
	if _, ok := ast.Unparen(n.X).(*ast.BasicLit); !ok {
		b.addFailure(n.X, failDeref, n.For)
	}
	if n.Tok == token.ASSIGN {
		for _, l := range []ast.Expr{n.Key, n.Value} {
			if l != nil {
				b.mark(l, markWritten)
			}
		}
	}
}

// addMapLiteral lists a literal that may be one of a map: a key of an interface type
// that cannot be hashed fails as it does in an assignment.
func (b *syntaxBuilder) addMapLiteral(n *ast.CompositeLit) {
	switch t := n.Type.(type) {
	case *ast.ArrayType, *ast.StructType:
		return
	case *ast.Ident:
		if t.Obj != nil {
			if s, ok := t.Obj.Decl.(*ast.TypeSpec); ok && isStruct(s.Type) {
				return
			}
		}
	}
	for _, e := range n.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			return
		}
		if _, ok := ast.Unparen(kv.Key).(*ast.BasicLit); !ok {
			b.addFailure(n, failMapWrite, kv.Colon)
		}
	}
}

func isStruct(t ast.Expr) bool {
	_, ok := ast.Unparen(t).(*ast.StructType)
	return ok
}

// addDivision lists a division, unless it is by a constant, which is not 0.
func (b *syntaxBuilder) addDivision(n ast.Node, by ast.Expr, at token.Pos) {
	if _, ok := ast.Unparen(by).(*ast.BasicLit); !ok {
		b.addFailure(n, failDivide, at)
	}
}

func (b *syntaxBuilder) addShift(n ast.Node, by ast.Expr, at token.Pos) {
	if _, ok := ast.Unparen(by).(*ast.BasicLit); !ok {
		b.addFailure(n, failShift, at)
	}
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

// addCall lists a call under the line of its opening parenthesis, which is the
// one that the compiler reports. In a chain of methods over several lines the
// range starts at the name, the only part of the callee on that line.
func (b *syntaxBuilder) addCall(n *ast.CallExpr) {
	name, at := calledName(n.Fun)
	e := b.expr(n, noFailure)
	e.target = b.names.callee(n)
	e.spawned = b.marked[n]&markSpawned != 0
	e.after = e.spawned || b.marked[n]&markDeferred != 0
	line := b.position(n.Lparen).line
	if pos := b.position(at); e.line != line && pos.line == line {
		e.line, e.span.col = line, pos.col
	}
	whole := e
	if fun := b.position(n.Fun.End()); hasLongLiteral(n.Args) && fun.line == line {
		// The body of a function literal is not what is being called.
		e.span.endLine, e.span.endCol = fun.line, fun.col
	}
	b.g.calls[line] = append(b.g.calls[line], e)

	if e.target.isBuiltin() {
		whole.kind = builtinFailures[name]
	}
	switch {
	case isArrayType(n.Fun) || name != "" && mayBeType(&e.target):
		b.addFailure(n, failConvert, n.Lparen)
	case strings.HasPrefix(name, "Div") || strings.HasPrefix(name, "Rem"):
		b.addFailure(n, failDivide, n.Lparen) // math/bits.Div64, which is compiled to an instruction
	case e.target.isIntrinsic():
		b.addFailure(n, failDeref, n.Lparen)
	}
	if whole.kind != noFailure {
		b.g.failures[line] = append(b.g.failures[line], whole)
	}
	if !e.after && e.target.kind != targetNone {
		// To call a nil function is a dereference; which calls can is asked later.
		e.kind = failDeref
		b.g.failures[line] = append(b.g.failures[line], e)
	}
}

// builtinFailures are the builtin functions that fail themselves.
var builtinFailures = map[string]failure{"panic": failPanic, "close": failClose, "make": failMake}

// mayBeType reports whether a call may be a conversion to a named array type.
func mayBeType(t *target) bool {
	switch t.kind {
	case targetNone:
		return true
	case targetName:
		return !builtins[t.name] && !basicTypes[t.name]
	case targetPackage:
		return !isStandard(t.path)
	}
	return false
}

// isBuiltin reports whether t is a builtin function. A package that declares one
// of its own by such a name is taken for one that does not.
func (t *target) isBuiltin() bool { return t.kind == targetName && builtins[t.name] }

// isIntrinsic reports whether t is a function that takes pointers and may be compiled
// to an instruction, so that there is no frame of it where that fails
// (cmd/compile/internal/ssagen/intrinsics.go).
func (t *target) isIntrinsic() bool {
	if t.kind != targetPackage {
		return false
	}
	root, _, _ := strings.Cut(t.path, "/")
	return root == "simd" || strings.HasSuffix(t.path, "/atomic")
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
func (b *syntaxBuilder) addFailure(n ast.Node, kind failure, at ...token.Pos) {
	e := b.expr(n, kind)
	lines := []int{e.line}
	for _, p := range at {
		if line := b.position(p).line; line != lines[0] && line != lines[len(lines)-1] {
			lines = append(lines, line)
		}
	}
	for _, line := range lines {
		b.g.failures[line] = append(b.g.failures[line], e)
	}
}
