package stackfmt

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// names answers what a name in a file stands for, as far as the file alone tells.
type names struct {
	packages map[string]string // by the name in this file
	file     *ast.File
	// values are what is assigned to a variable. More may be, where it is open.
	values map[*ast.Object][]ast.Expr //lint:ignore SA1019 see parseGoSyntax
	open   map[*ast.Object]bool       //lint:ignore SA1019 see parseGoSyntax
	// selected are the variables that x.M stands for one of. A method can take the
	// address of its receiver, and assign to it.
	selected map[*ast.Object]bool //lint:ignore SA1019 see parseGoSyntax
	// renamed are functions that have another name, or another's body, when linked.
	renamed map[string]bool
	line    func(token.Pos) int
}

func newNames(file *ast.File, text string) *names {
	m := &names{
		packages: importsOf(file),
		file:     file,
		values:   map[*ast.Object][]ast.Expr{}, //lint:ignore SA1019 see parseGoSyntax
		open:     map[*ast.Object]bool{},       //lint:ignore SA1019 see parseGoSyntax
		selected: map[*ast.Object]bool{},       //lint:ignore SA1019 see parseGoSyntax
		renamed:  linkedNames(text),
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			paired := len(n.Lhs) == len(n.Rhs) && (n.Tok == token.ASSIGN || n.Tok == token.DEFINE)
			for i, l := range n.Lhs {
				if paired {
					m.assign(l, n.Rhs[i])
				} else {
					m.assign(l, nil)
				}
			}
		case *ast.ValueSpec:
			for i, name := range n.Names {
				if len(n.Values) == len(n.Names) {
					m.assign(name, n.Values[i])
				} else if len(n.Values) > 0 {
					m.assign(name, nil)
				}
			}
		case *ast.RangeStmt:
			m.assign(n.Key, nil)
			m.assign(n.Value, nil)
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				m.assign(n.X, nil)
			}
		case *ast.SelectorExpr:
			if id, ok := ast.Unparen(n.X).(*ast.Ident); ok && id.Obj != nil {
				m.selected[id.Obj] = true
			}
		case *ast.FuncDecl:
			if n.Body == nil {
				m.renamed[n.Name.Name] = true
			}
		}
		return true
	})
	return m
}

// linkedNames lists the functions that //go:linkname directives of a file name: the
// runtime knows them by what those say.
func linkedNames(text string) map[string]bool {
	found := map[string]bool{}
	const directive = "//go:linkname "
	for rest := text; ; {
		_, after, ok := strings.Cut(rest, directive)
		if !ok {
			return found
		}
		rest = after
		line, _, _ := strings.Cut(rest, "\n")
		if f := strings.Fields(line); len(f) > 0 {
			found[f[0]] = true
		}
	}
}

// assign notes that value, nil for something unknown, is assigned to l.
func (m *names) assign(l, value ast.Expr) {
	if l == nil {
		return
	}
	id, ok := ast.Unparen(l).(*ast.Ident)
	if !ok || id.Obj == nil {
		return
	}
	if value == nil {
		m.open[id.Obj] = true
		return
	}
	m.values[id.Obj] = append(m.values[id.Obj], value)
}

// isPackage reports whether x is the name of an imported package.
func (m *names) isPackage(x ast.Expr) bool {
	id, ok := x.(*ast.Ident)
	return ok && id.Obj == nil && m.packages[id.Name] != ""
}

// isFunc reports whether x is the name of a function or a type that this file
// declares.
func (m *names) isFunc(x ast.Expr) bool {
	id, ok := ast.Unparen(x).(*ast.Ident)
	return ok && id.Obj != nil && (id.Obj.Kind == ast.Fun || id.Obj.Kind == ast.Typ)
}

// maxValues bounds how far variables are followed to what was assigned to them.
const maxValues = 4

// callee returns the target of a call.
func (m *names) callee(call *ast.CallExpr) target {
	t := m.calleeOf(call.Fun)
	t.args = 1 + len(call.Args)
	if len(call.Args) == 1 {
		if _, ok := ast.Unparen(call.Args[0]).(*ast.CallExpr); ok {
			t.args = 0 // it may have several results
		}
	}
	return t
}

func (m *names) calleeOf(fun ast.Expr) target {
	switch f := ast.Unparen(fun).(type) {
	case *ast.ArrayType, *ast.MapType, *ast.ChanType, *ast.FuncType, *ast.InterfaceType, *ast.StructType:
		return target{}
	case *ast.StarExpr:
		if m.isType(f.X) {
			return target{}
		}
		return target{kind: targetAny}
	case *ast.IndexExpr:
		return m.instance(f.X)
	case *ast.IndexListExpr:
		return m.instance(f.X)
	}
	return m.value(fun, 0)
}

// instance returns the target of f[T]() or of list[i]().
func (m *names) instance(x ast.Expr) target {
	if m.isFunc(x) {
		return m.value(x, 0)
	}
	t := m.value(x, 0)
	if t.kind == targetName || t.kind == targetPackage {
		t.element = true
		return t
	}
	return target{kind: targetAny}
}

func (m *names) isType(x ast.Expr) bool {
	switch x := ast.Unparen(x).(type) {
	case *ast.ArrayType, *ast.MapType, *ast.ChanType, *ast.FuncType, *ast.InterfaceType, *ast.StructType:
		return true
	case *ast.Ident:
		return x.Obj != nil && x.Obj.Kind == ast.Typ || x.Obj == nil && basicTypes[x.Name]
	}
	return false
}

// value returns what a call of the value of an expression leads to. depth is how
// many variables were followed to it.
func (m *names) value(x ast.Expr, depth int) target {
	switch x := ast.Unparen(x).(type) {
	case *ast.FuncLit:
		return target{kind: targetLiteral, from: m.line(x.Pos()), to: m.line(x.End())}
	case *ast.BasicLit, *ast.CompositeLit, *ast.BinaryExpr, *ast.SliceExpr:
		return target{}
	case *ast.Ident:
		return m.ident(x, depth)
	case *ast.SelectorExpr:
		if m.isPackage(x.X) {
			id := x.X.(*ast.Ident)
			return target{kind: targetPackage, path: m.packages[id.Name], name: x.Sel.Name}
		}
		return target{kind: targetMethod, path: m.typeOf(x.X, 0), name: x.Sel.Name}
	case *ast.IndexExpr:
		if m.isFunc(x.X) {
			return m.value(x.X, depth)
		}
	case *ast.CallExpr:
		if m.isData(x) {
			return target{}
		}
	}
	return target{kind: targetAny}
}

// isData reports whether the result of a call cannot be a function.
func (m *names) isData(x *ast.CallExpr) bool {
	switch f := ast.Unparen(x.Fun).(type) {
	case *ast.ArrayType, *ast.MapType, *ast.ChanType:
		return true
	case *ast.Ident:
		return f.Obj == nil && (basicTypes[f.Name] || builtins[f.Name] && f.Name != "min" && f.Name != "max")
	}
	return false
}

func (m *names) ident(x *ast.Ident, depth int) target {
	if x.Obj == nil {
		return target{kind: targetName, name: x.Name}
	}
	switch x.Obj.Kind {
	case ast.Fun:
		if m.renamed[x.Name] {
			return target{kind: targetAny}
		}
		return target{kind: targetFunc, name: x.Name}
	case ast.Typ, ast.Con:
		return target{}
	}
	var typ ast.Expr
	switch d := x.Obj.Decl.(type) {
	case *ast.Field:
		typ = d.Type
	case *ast.ValueSpec:
		typ = d.Type
	}
	if typ != nil && !callable(typ) {
		return target{}
	}
	_, param := x.Obj.Decl.(*ast.Field)
	global := m.file.Scope.Lookup(x.Name) == x.Obj // another file may assign to it
	if param || global || m.open[x.Obj] || depth >= maxValues || len(m.values[x.Obj]) == 0 {
		return target{kind: targetAny}
	}
	t := target{kind: targetOneOf}
	for _, v := range m.values[x.Obj] {
		if id, ok := v.(*ast.Ident); ok && id.Name == "nil" {
			continue
		}
		t.values = append(t.values, m.value(v, depth+1))
	}
	if len(t.values) == 1 && t.values[0].kind == targetNone {
		return t.values[0] // no function at all
	}
	if m.selected[x.Obj] && slices.ContainsFunc(t.values, func(v target) bool { return v.kind != targetNone }) {
		return target{kind: targetAny}
	}
	return t
}

// typeOf names the type of x in the form of a target's path, "" if it is not
// known.
func (m *names) typeOf(x ast.Expr, depth int) string {
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		if x.Obj == nil || depth >= maxValues {
			return ""
		}
		switch d := x.Obj.Decl.(type) {
		case *ast.Field:
			return m.typeName(d.Type)
		case *ast.ValueSpec:
			if d.Type != nil {
				return m.typeName(d.Type)
			}
		}
		if v := m.values[x.Obj]; len(v) > 0 {
			return m.typeOf(v[0], depth+1)
		}
	case *ast.SelectorExpr:
		if t := m.typeOf(x.X, depth+1); t != "" && t != typeOutside {
			return t + "." + x.Sel.Name
		}
	case *ast.CompositeLit:
		return m.typeName(x.Type)
	case *ast.UnaryExpr:
		if x.Op == token.AND {
			return m.typeOf(x.X, depth+1)
		}
	case *ast.StarExpr:
		return m.typeOf(x.X, depth+1)
	case *ast.CallExpr:
		if f, ok := x.Fun.(*ast.Ident); ok && f.Obj == nil && f.Name == "new" && len(x.Args) == 1 {
			return m.typeName(x.Args[0])
		}
	}
	return ""
}

// typeName is typePath for a type in this file. A type that a function declares
// is none of the package's.
func (m *names) typeName(t ast.Expr) string {
	if t == nil {
		return ""
	}
	base := t
	for {
		switch b := ast.Unparen(base).(type) {
		case *ast.StarExpr:
			base = b.X
			continue
		case *ast.IndexExpr:
			base = b.X
			continue
		case *ast.IndexListExpr:
			base = b.X
			continue
		case *ast.Ident:
			if b.Obj != nil && m.file.Scope.Lookup(b.Name) != b.Obj {
				return ""
			}
		}
		return typePath(t, m.packages)
	}
}
