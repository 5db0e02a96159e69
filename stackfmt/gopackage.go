package stackfmt

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"strconv"
	"strings"
	"sync"
)

// goPackage is what the files of one folder declare. It is read when a call can
// only be ruled out by what another file says: whether a name is a function or a
// variable, and whether a struct has a field of that name that holds a function.
type goPackage struct {
	files func() ([]string, bool) // the texts, and whether they are all
	once  sync.Once
	index *packageIndex
}

// packageIndex lists declarations by name. Where it is not known to be complete,
// everything is possible.
type packageIndex struct {
	complete bool
	// foreign says that a file imports more than the standard library, so that
	// values of types from elsewhere may be about.
	foreign bool
	dotted  bool            // one of the imports is a dot import
	funcs   map[string]bool // and types: calling them leads to no function value
	vars    map[string]bool
	// fields are those of any struct, and whether one of that name may hold a
	// function.
	fields map[string]bool
	types  map[string]*typeInfo
	// params are the numbers of parameters of functions and methods, by name.
	params map[string][]paramCount
}

type paramCount struct {
	n        int
	variadic bool
}

// typeInfo is a type that the package declares.
type typeInfo struct {
	fields map[string]fieldInfo
	embeds []string // the types of embedded fields, in the form of a target's path
}

type fieldInfo struct {
	typ      string // in the form of a target's path, "" if not known
	callable bool
}

// maxPackageFiles and maxPackageBytes bound what is read for one caret.
const (
	maxPackageFiles = 200
	maxPackageBytes = 4 << 20
)

// get reads the package the first time. A nil p gives an empty index.
func (p *goPackage) get() *packageIndex {
	if p == nil {
		return &packageIndex{}
	}
	p.once.Do(func() {
		texts, complete := p.files()
		p.index = indexPackage(texts, complete)
	})
	return p.index
}

func indexPackage(texts []string, complete bool) *packageIndex {
	x := &packageIndex{
		complete: complete,
		funcs:    map[string]bool{}, vars: map[string]bool{}, fields: map[string]bool{}, types: map[string]*typeInfo{},
		params: map[string][]paramCount{},
	}
	for _, text := range texts {
		file, err := parser.ParseFile(token.NewFileSet(), "", text, parser.SkipObjectResolution)
		if err != nil {
			x.complete = false
			continue
		}
		names := importsOf(file)
		x.dotted = x.dotted || names["."] != ""
		for _, p := range names {
			x.foreign = x.foreign || !isStandard(p) && p != "C"
		}
		for _, d := range file.Decls {
			x.declare(d, names)
		}
		for name := range linkedNames(text) {
			x.vars[name] = true
		}
		// Types may be declared anywhere.
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.StructType); ok {
				for _, f := range s.Fields.List {
					for _, name := range fieldNames(f) {
						x.fields[name] = x.fields[name] || callable(f.Type)
					}
				}
			}
			return true
		})
	}
	return x
}

func (x *packageIndex) declare(d ast.Decl, imports map[string]string) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		p := paramCount{n: d.Type.Params.NumFields()}
		if p.n > 0 {
			_, p.variadic = d.Type.Params.List[len(d.Type.Params.List)-1].Type.(*ast.Ellipsis)
		}
		x.params[d.Name.Name] = append(x.params[d.Name.Name], p)
		switch {
		case d.Recv != nil:
		case d.Body == nil:
			x.vars[d.Name.Name] = true // linked to a body that may be any
		default:
			x.funcs[d.Name.Name] = true
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.ValueSpec:
				for _, n := range s.Names {
					x.vars[n.Name] = true
				}
			case *ast.TypeSpec:
				x.funcs[s.Name.Name] = true
				x.types[s.Name.Name] = typeOf(s, imports)
			}
		}
	}
}

func typeOf(s *ast.TypeSpec, imports map[string]string) *typeInfo {
	info := &typeInfo{fields: map[string]fieldInfo{}}
	switch t := ast.Unparen(s.Type).(type) {
	case *ast.StructType:
		for _, f := range t.Fields.List {
			typ := typePath(f.Type, imports)
			if len(f.Names) == 0 {
				info.embeds = append(info.embeds, typ)
			}
			for _, name := range fieldNames(f) {
				info.fields[name] = fieldInfo{typ: typ, callable: callable(f.Type)}
			}
		}
	case *ast.InterfaceType:
	case *ast.Ident, *ast.SelectorExpr, *ast.IndexExpr, *ast.IndexListExpr, *ast.StarExpr:
		// The fields are those of the type that this one is made from.
		info.embeds = append(info.embeds, typePath(t, imports))
	}
	return info
}

// fieldNames lists the names of a field; an embedded one has that of its type.
func fieldNames(f *ast.Field) []string {
	var names []string
	for _, n := range f.Names {
		names = append(names, n.Name)
	}
	if names == nil {
		if n := baseName(f.Type); n != "" {
			names = []string{n}
		}
	}
	return names
}

func baseName(t ast.Expr) string {
	switch t := ast.Unparen(t).(type) {
	case *ast.Ident:
		return t.Name
	case *ast.SelectorExpr:
		return t.Sel.Name
	case *ast.StarExpr:
		return baseName(t.X)
	case *ast.IndexExpr:
		return baseName(t.X)
	case *ast.IndexListExpr:
		return baseName(t.X)
	}
	return ""
}

// typePath names a type for the path of a target: that of a type of this package
// is its name.
func typePath(t ast.Expr, imports map[string]string) string {
	switch t := ast.Unparen(t).(type) {
	case *ast.Ident:
		return t.Name
	case *ast.StarExpr:
		return typePath(t.X, imports)
	case *ast.IndexExpr:
		return typePath(t.X, imports)
	case *ast.IndexListExpr:
		return typePath(t.X, imports)
	case *ast.SelectorExpr:
		if p, ok := t.X.(*ast.Ident); ok && isStandard(imports[p.Name]) {
			return typeOutside
		}
	}
	return ""
}

// callable reports whether a value of a type may be a function, as far as its
// form tells.
func callable(t ast.Expr) bool {
	switch t := ast.Unparen(t).(type) {
	case *ast.Ident:
		return !basicTypes[t.Name]
	case *ast.ArrayType, *ast.MapType, *ast.ChanType, *ast.StructType, *ast.InterfaceType, *ast.StarExpr, *ast.Ellipsis:
		return false
	}
	return true
}

var basicTypes = setOf("any", "bool", "byte", "comparable", "complex128", "complex64", "error", "float32", "float64", "int", "int16",
	"int32", "int64", "int8", "rune", "string", "uint", "uint16", "uint32", "uint64", "uint8", "uintptr")

// importsOf maps the names that a file gives to packages to their paths. A dot
// import has the name ".".
func importsOf(file *ast.File) map[string]string {
	names := map[string]string{}
	for _, imp := range file.Imports {
		p, err := strconv.Unquote(imp.Path.Value)
		if err != nil {
			continue
		}
		name := path.Base(p)
		if strings.HasPrefix(name, "v") && strings.Trim(name[1:], "0123456789") == "" && len(name) > 1 {
			name = path.Base(path.Dir(p)) // the major version of a module
		}
		if imp.Name != nil {
			name = imp.Name.Name
		}
		names[name] = p
	}
	return names
}

// holdsFunc reports whether a name that the file of the call does not declare may
// be a variable that holds a function.
func (x *packageIndex) holdsFunc(t *target) bool {
	switch {
	case x.vars[t.name]:
		return true
	case x.funcs[t.name]:
		return false
	case !t.element && (builtins[t.name] || basicTypes[t.name]):
		return false
	}
	return !x.complete || x.dotted
}

// takes reports whether a function or a method of that name can be called with n
// arguments, or with one more: its receiver, as a method expression is.
func (x *packageIndex) takes(name string, n int) bool {
	if !x.complete || len(x.params[name]) == 0 {
		return true
	}
	for _, p := range x.params[name] {
		if n == p.n || n == p.n+1 || p.variadic && n >= p.n-1 {
			return true
		}
	}
	return false
}

// isField reports whether x.M may be a field that holds a function.
func (x *packageIndex) isField(t *target) bool {
	if !x.complete {
		return true
	}
	if typ := x.follow(t.path); typ != "" {
		return x.typeHolds(typ, t.name, 8)
	}
	return x.anyHolds(t.name)
}

// anyHolds is the answer for a value of an unknown type.
func (x *packageIndex) anyHolds(name string) bool {
	if x.fields[name] {
		return true
	}
	return token.IsExported(name) && (x.foreign || standardFields[name])
}

// follow returns the type that a path leads to, "" if that is not known.
func (x *packageIndex) follow(p string) string {
	typ, rest, _ := strings.Cut(p, ".")
	for rest != "" {
		info := x.types[typ]
		if info == nil {
			return ""
		}
		var name string
		name, rest, _ = strings.Cut(rest, ".")
		typ = info.fields[name].typ
	}
	return typ
}

func (x *packageIndex) typeHolds(typ, name string, depth int) bool {
	if typ == typeOutside {
		return standardFields[name]
	}
	if basicTypes[typ] {
		return false
	}
	info := x.types[typ]
	if info == nil || depth == 0 {
		return x.anyHolds(name)
	}
	if f, ok := info.fields[name]; ok {
		return f.callable
	}
	for _, e := range info.embeds {
		if x.typeHolds(e, name, depth-1) {
			return true
		}
	}
	return false
}
