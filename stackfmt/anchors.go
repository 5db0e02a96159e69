package stackfmt

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"strings"
)

// An anchor is the part of an expression that names what went wrong: the
// operator of a binary expression, the brackets of an index, the parentheses of
// a call. start and end are byte offsets in the expression's text.
type anchor struct{ start, end int }

// findAnchor parses the text of an expression and returns its anchor. It
// answers to Python's _extract_caret_anchors_from_line_segment with Go's own
// grammar. Text that is no expression, such as half of a statement or C, has
// none.
func findAnchor(segment string) (anchor, bool) {
	// In parentheses, as Python parses it, which makes (a) + (b of a) + (b).
	text := "(" + joinLines(segment, true) + ")"
	expr, err := parser.ParseExprFrom(token.NewFileSet(), "", text, 0)
	if _, array := ast.Unparen(expr).(*ast.ArrayType); err != nil || array {
		// [k](x) is the type of an array to Go.
		other := withoutDisplays(text)
		if other == text {
			return anchor{}, false
		}
		if expr, err = parser.ParseExprFrom(token.NewFileSet(), "", other, 0); err != nil {
			return anchor{}, false
		}
	}
	// A fresh FileSet starts its only file at position 1.
	off := func(p token.Pos) int { return int(p) - 2 }
	e := ast.Unparen(expr)
	end := off(e.End())
	if _, ok := e.(*ast.BinaryExpr); !ok && end > len(segment) {
		return anchor{}, false // it ends with the parenthesis that was added
	}
	switch e := e.(type) {
	case *ast.BinaryExpr:
		// Comparisons and && are no binary operations to Python, whose
		// carets then mark the whole expression.
		switch e.Op {
		case token.LAND, token.LOR, token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
			return anchor{}, false
		}
		// Python takes a second character for a part of the operator if it
		// stands before the right operand, so it marks the parenthesis of
		// a/(b) too.
		op := anchor{off(e.OpPos), off(e.OpPos) + 1}
		if op.end < off(ast.Unparen(e.Y).Pos()) && strings.IndexByte(" \t\r\n/", segment[op.end]) < 0 {
			op.end++
		}
		return op, true
	case *ast.IndexExpr:
		return anchor{off(e.Lbrack), end}, true
	case *ast.IndexListExpr:
		return anchor{off(e.Lbrack), end}, true
	case *ast.SliceExpr:
		return anchor{off(e.Lbrack), end}, true
	case *ast.CallExpr:
		return anchor{off(e.Lparen), end}, true
	case *ast.TypeAssertExpr:
		// The dot belongs to the assertion: x.(T) is marked ~^^^^.
		return anchor{off(e.X.End()), end}, true
	}
	return anchor{}, false
}

// withoutDisplays makes operands of Go of what only Python has: () and a list that is
// called or indexed. A range that begins within f()() or m[i](x) has them.
func withoutDisplays(src string) string {
	b := []byte(src)
	fset := token.NewFileSet()
	file := fset.AddFile("", fset.Base(), len(b))
	var s scanner.Scanner
	s.Init(file, b, nil, 0)
	operand := false // the last token ends one
	type bracket struct {
		at      int
		display bool // it begins an operand
	}
	var open []bracket
	for {
		pos, tok, _ := s.Scan()
		at := file.Offset(pos)
		switch tok {
		case token.EOF:
			return string(b)
		case token.LPAREN, token.LBRACK:
			open = append(open, bracket{at, !operand})
		case token.RPAREN, token.RBRACK:
			if len(open) == 0 {
				return src
			}
			first := open[len(open)-1]
			open = open[:len(open)-1]
			if !first.display {
				break
			}
			rest := strings.TrimLeft(src[at+1:], " \t")
			switch {
			case tok == token.RPAREN && strings.TrimSpace(src[first.at+1:at]) == "":
				for i := first.at; i <= at; i++ {
					b[i] = '_'
				}
			case tok == token.RBRACK && rest != "" && (rest[0] == '(' || rest[0] == '['):
				b[first.at], b[at] = '(', ')'
			}
		}
		operand = tok.IsLiteral() || tok == token.RPAREN || tok == token.RBRACK || tok == token.RBRACE
	}
}

// elidesCarets reports whether underlining would say nothing: the statement is
// return f(…) or x = f(…), and the range is the whole call. start and end are
// the range in characters from the start of the first and of the last line.
//
// Python compares these with byte offsets in the syntax tree, so after a
// character of several bytes the carets stay; to print the same text, so does
// this. blank says that the lines hold no statement at all.
func elidesCarets(lines []string, startChars, endChars int) (elide, blank bool) {
	// Parsing is only worth its time for statements that can be elided.
	first := strings.TrimLeft(lines[0], " \t")
	comment := first == "" || strings.HasPrefix(first, "//") || strings.HasPrefix(first, "/*")
	if !comment && !strings.HasPrefix(first, "return") && !strings.Contains(lines[0], "=") {
		return false, false
	}
	text := strings.Join(lines, "\n")
	const open = "package p;func _(){\n"
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", open+joinLines(text, false)+"\n}", parser.SkipObjectResolution)
	if err != nil || len(file.Decls) != 1 {
		return false, false
	}
	fn, ok := file.Decls[0].(*ast.FuncDecl)
	if !ok || fn.Body == nil {
		return false, false
	}
	if len(fn.Body.List) == 0 {
		return false, true
	}
	var value ast.Expr
	switch s := fn.Body.List[0].(type) {
	case *ast.ReturnStmt:
		if len(s.Results) == 1 {
			if call, ok := ast.Unparen(s.Results[0]).(*ast.CallExpr); ok {
				if _, ok := ast.Unparen(call.Fun).(*ast.Ident); ok {
					value = call
				}
			}
		}
	case *ast.AssignStmt:
		_, name := s.Lhs[0].(*ast.Ident)
		if len(s.Lhs) == 1 && name && len(s.Rhs) == 1 && (s.Tok == token.ASSIGN || s.Tok == token.DEFINE) {
			if call, ok := ast.Unparen(s.Rhs[0]).(*ast.CallExpr); ok {
				value = call
			}
		}
	}
	if value == nil {
		return false, false
	}
	start := int(value.Pos()) - 1 - len(open)
	end := int(value.End()) - 1 - len(open)
	lastLine := len(text) - len(lines[len(lines)-1])
	return start == startChars && start <= len(lines[0]) && end-lastLine == endChars, false
}

// joinLines replaces the line ends within parentheses and brackets by spaces,
// and with all set those outside any bracket too, so that Go's automatic
// semicolons do not end an expression that goes on in the next line. Offsets
// stay what they were. It works on tokens, as a line end in a raw string or in
// the body of a function literal must stay.
func joinLines(src string, all bool) string {
	if !strings.Contains(src, "\n") {
		return src
	}
	b := []byte(src)
	fset := token.NewFileSet()
	file := fset.AddFile("", fset.Base(), len(b))
	var s scanner.Scanner
	s.Init(file, []byte(src), nil, scanner.ScanComments)
	var open []token.Token
	inParens := func() bool {
		if len(open) == 0 {
			return all
		}
		return open[len(open)-1] != token.LBRACE
	}
	blank := func(from, to int) {
		for i := from; i < to && i < len(b); i++ {
			b[i] = ' '
		}
	}
	for {
		pos, tok, lit := s.Scan()
		at := file.Offset(pos)
		switch tok {
		case token.EOF:
			return string(b)
		case token.LPAREN, token.LBRACK, token.LBRACE:
			open = append(open, tok)
		case token.RPAREN, token.RBRACK, token.RBRACE:
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		case token.COMMENT:
			// A line comment would swallow what is moved up behind it.
			if inParens() && strings.HasPrefix(lit, "//") {
				blank(at, at+len(lit)+len("\n"))
			}
		case token.SEMICOLON:
			// One semicolon may stand for several line ends.
			for i := at; lit == "\n" && inParens() && i < len(b) && strings.IndexByte(" \t\r\n", b[i]) >= 0; i++ {
				b[i] = ' '
			}
		}
	}
}
