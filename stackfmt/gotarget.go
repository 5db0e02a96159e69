package stackfmt

import (
	"slices"
	"strings"
)

// Which function a call expression leads to is a question of types, and there is
// no room for go/types where a stack is printed. What the syntax tells is enough
// to rule most calls out: a function declared by name leads to itself only, a
// function literal to itself only, a conversion to nothing. A call that can lead
// anywhere, as that of a parameter of function type, is never ruled out.

// targetKind says what the callee of a call expression is.
type targetKind uint8

const (
	targetNone    targetKind = iota // a conversion or a builtin: no frame of the program
	targetAny                       // a function value of which nothing is known
	targetFunc                      // a function that this file declares
	targetName                      // a name that this file does not declare
	targetPackage                   // pkg.F
	targetMethod                    // x.M: a method, or a field that holds a function
	targetLiteral                   // a function literal
	targetOneOf                     // a variable that only ever holds some of these
)

// target is the callee of a call expression.
type target struct {
	kind targetKind
	// name is that of the function, the method or the field.
	name string
	// path is the import path of pkg in pkg.F. For a method it is the type and
	// the fields that lead from that to the value whose method it is, empty if
	// the type is not known.
	path string
	// from and to are the lines of a literal.
	from, to int
	// element says that the name stands before an index: f[int]() or list[0]().
	element bool
	// args is one more than the arguments of the call, 0 if they are not known.
	args   int
	values []target
}

// typeOutside stands in a target's path for a type of the standard library.
const typeOutside = "std"

// funcID is what the runtime's name of a function tells.
type funcID struct {
	pkg, recv, name string
	// literal says that it may be a function literal, declared that it may be a
	// declared one: a method can have the name func1.
	literal, declared bool
	// body says that it is the body of a range over a function.
	body bool
	// wrapper says that it is what the compiler makes for a go or defer statement.
	wrapper bool
}

// parseFuncName takes a name such as "example.com/a/b.(*List[...]).Next" apart.
func parseFuncName(fn string) funcID {
	// Type arguments may hold slashes and dots.
	if i := strings.IndexByte(fn, '['); i >= 0 {
		if j := strings.LastIndexByte(fn, ']'); j > i {
			fn = fn[:i] + fn[j+1:]
		}
	}
	id := funcID{declared: true}
	slash := strings.LastIndexByte(fn, '/') + 1
	rest := fn[slash:]
	if pkg, after, ok := strings.Cut(rest, "."); ok { // not a builtin, such as panic
		id.pkg, rest = fn[:slash+len(pkg)], after
	}
	rest = strings.TrimSuffix(rest, "-fm")
	if i := strings.Index(rest, "-range"); i >= 0 {
		id.body, rest = true, rest[:i]
	}
	dot := strings.LastIndexByte(rest, '.')
	id.name = rest[dot+1:]
	if dot >= 0 {
		id.recv = rest[:dot]
	}
	// Literals are numbered: main.f.func1, main.f.func1.2, main.f.gowrap1.
	letters := strings.TrimRight(id.name, "0123456789")
	numbered := letters != id.name && dot >= 0
	switch {
	case numbered && letters == "" && id.recv != "init":
		id.literal, id.declared = true, false
	case numbered && letters == "func":
		id.literal, id.declared = true, !strings.Contains(id.recv, ".")
	case numbered && (letters == "gowrap" || letters == "deferwrap"):
		id.wrapper = true
	}
	return id
}

// callee is the function that a call led to.
type callee struct {
	funcID
	// line is the one that the function stood at, if it is in the file of the
	// call; elsewhere or unknownLine otherwise.
	line int
	pkg  *goPackage // of the call
	// local says that c is a function of that package, so that it tells how many
	// parameters c has.
	local bool
}

const (
	elsewhere   = 0
	unknownLine = -1
)

// reaches reports whether a call of t can lead to c. It says no only if that is
// certain.
func (t *target) reaches(c *callee) bool {
	switch t.kind {
	case targetNone:
		return false
	case targetFunc:
		return c.isFunc(t.name)
	case targetName:
		return c.isFunc(t.name) || c.takes(t.args) && c.pkg.get().holdsFunc(t)
	case targetPackage:
		return c.isFunc(t.name) || t.isC() && (c.isFunc("_Cfunc_"+t.name) || c.literal) || c.takes(t.args) && isVariable(t)
	case targetMethod:
		return c.declared && !c.body && c.name == t.name || c.takes(t.args) && c.pkg.get().isField(t)
	case targetLiteral:
		return c.literal && !c.body && (c.line == unknownLine || t.from <= c.line && c.line <= t.to)
	case targetOneOf:
		return c.takes(t.args) && slices.ContainsFunc(t.values, func(v target) bool { return v.reaches(c) })
	}
	return c.takes(t.args)
}

// isC reports whether a call of t is one of C. The cgo command may put it into a
// function literal, which checks the pointers among its arguments.
func (t *target) isC() bool { return t.kind == targetPackage && t.path == "C" }

// takes reports whether a function value that is called with a target's arguments
// can be c.
func (c *callee) takes(args int) bool {
	if args == 0 || !c.local || c.literal || c.body {
		return true
	}
	return c.pkg.get().takes(c.name, args-1)
}

// names reports whether the syntax says that a call of t leads to c, and not only
// that it can. A function literal has no name: what can lead to one does.
func (t *target) names(c *callee) bool {
	switch t.kind {
	case targetFunc, targetName:
		return c.isFunc(t.name) || c.anonymous()
	case targetPackage:
		return c.isFunc(t.name) || t.isC() && c.isFunc("_Cfunc_"+t.name) || c.anonymous()
	case targetMethod:
		return c.declared && !c.body && c.name == t.name || c.anonymous()
	case targetOneOf:
		return slices.ContainsFunc(t.values, func(v target) bool { return v.names(c) })
	}
	return c.anonymous()
}

func (c *callee) anonymous() bool { return c.literal || c.body }

// isFunc reports whether c is a declared function, no method, of that name.
func (c *callee) isFunc(name string) bool {
	return c.declared && !c.body && c.recv == "" && c.name == name
}

// nilable reports whether a call of t can fail because there is no function.
func (t *target) nilable(p *goPackage) bool {
	switch t.kind {
	case targetAny, targetOneOf:
		return true
	case targetName:
		return p.get().holdsFunc(t)
	case targetPackage:
		return isVariable(t)
	case targetMethod:
		return p.get().isField(t)
	}
	return false
}

// isVariable reports whether pkg.F may be a variable. The standard library has
// but one that is a function.
func isVariable(t *target) bool {
	if t.isC() {
		return false
	}
	return !isStandard(t.path) || t.path == "flag" && t.name == "Usage"
}

// standardFields are the exported fields of the standard library that hold
// functions, by name: list them with go/types when Go gets new ones.
var standardFields = setOf("BaseContext", "Cancel", "CharsetReader", "CheckRedirect", "ConnContext", "ConnState", "ConnectDone",
	"ConnectStart", "Control", "ControlContext", "CountError", "DNSDone", "DNSStart", "Dial", "DialContext", "DialTLS",
	"DialTLSContext", "Director", "DocLinkURL", "EncryptedClientHelloRejectionVerify", "Error", "ErrorHandler", "F", "Fn",
	"GetBody", "GetCertificate", "GetClientCertificate", "GetConfigForClient", "GetConn", "GetEncryptedClientHelloKeys",
	"GetProxyConnectHeader", "Got100Continue", "Got1xxResponse", "GotConn", "GotFirstResponseByte", "HasSubdir",
	"HeadingID", "IsAbsPath", "IsDir", "IsIdentRune", "JoinPath", "LookupPackage", "LookupSym", "ModifyResponse", "New",
	"OnProxyConnectResponse", "OpenFile", "Proxy", "PutIdleConn", "ReadDir", "ReplaceAttr", "Rewrite", "SplitPathList",
	"TLSHandshakeDone", "TLSHandshakeStart", "Time", "UnwrapSession", "Usage", "Values", "VerifyConnection",
	"VerifyPeerCertificate", "Wait100Continue", "WrapSession", "WroteHeaderField", "WroteHeaders", "WroteRequest")

func setOf(names ...string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, n := range names {
		set[n] = true
	}
	return set
}
