package stackfmt

import (
	"strings"
)

// Go records no columns, so the expression that a Go frame stands in is found in
// the syntax tree: the one call on that line that can have led to the next
// frame's function or, where a run-time error arose, the one expression on that
// line that can raise it. What cannot be ruled out counts: a deferred call that
// runs on the line of a return, a function value. If there is not exactly one,
// there is no caret: a wrong one would send the reader to the wrong place.

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

// unknownCallee in Frame.Callee says that the frame called nothing that a caret
// could mark: it made the error.
const unknownCallee = "<unknown>"

// The functions by which FromPanic names the kind of a failure, where the
// runtime's own function stands for several.
const (
	calleePanic   = "runtime.gopanic"
	calleeIndex   = "runtime.goPanicIndex"
	calleeSlice   = "runtime.goPanicSliceB"
	calleeConvert = "runtime.goPanicSliceConvert"
	calleeDivide  = "runtime.panicdivide"
	calleeDeref   = "runtime.panicmem"
)

// failureOf tells what failed from the function of the runtime that the frame
// called. The names are those of runtime/panic.go.
func failureOf(callee string) failure {
	name, ok := strings.CutPrefix(callee, "runtime.")
	if !ok {
		return noFailure
	}
	for _, k := range failuresByCallee {
		if strings.HasPrefix(name, k.prefix) {
			return k.kind
		}
	}
	return noFailure
}

// isAmbiguous reports whether a function of the runtime stands for several kinds,
// so that the message has to tell.
func isAmbiguous(callee string) bool {
	return callee == "runtime.sigpanic" || strings.HasPrefix(callee, "runtime.panicBounds")
}

// failureSaid tells what failed from the text of a run-time error. The texts are
// those of runtime/error.go.
func failureSaid(message string) failure {
	text := strings.TrimPrefix(message, "runtime error: ")
	for _, k := range failuresByMessage {
		if strings.HasPrefix(text, k.prefix) {
			return k.kind
		}
	}
	return noFailure
}

// calleeSaid is the function that stands for a kind of failure alone.
func calleeSaid(message string) string {
	switch failureSaid(message) {
	case failIndex:
		return calleeIndex
	case failSlice:
		return calleeSlice
	case failConvert:
		return calleeConvert
	case failDivide:
		return calleeDivide
	case failDeref:
		return calleeDeref
	}
	return ""
}

type failureName struct {
	prefix string
	kind   failure
}

var failuresByCallee = []failureName{
	{"goPanicIndex", failIndex}, {"panicIndex", failIndex},
	{"goPanicSliceConvert", failConvert}, {"panicSliceConvert", failConvert},
	{"goPanicSlice", failSlice}, {"panicSlice", failSlice},
	{"panicdivide", failDivide}, {"panicshift", failShift},
	{"panicdottype", failAssert}, {"panicnildottype", failAssert}, {"assertE2I", failAssert}, {"typeAssert", failAssert},
	{"mapassign", failMapWrite}, {"chansend", failSend}, {"closechan", failClose},
	{"makeslice", failMake}, {"panicmakeslice", failMake}, {"makechan", failMake},
	{"panicmem", failDeref}, {"gopanic", failPanic},
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

// isRuntimeType reports whether a Traceback's Type is that of a run-time error,
// or of a panic whose value was only printed. An error of the program may say the
// same.
func isRuntimeType(name string) bool {
	switch name {
	case "panic", "runtime.Error", "runtime.boundsError", "runtime.errorString", "runtime.plainError",
		"runtime.plainErrorString", "runtime.errorAddressString", "*runtime.TypeAssertionError":
		return true
	}
	return false
}

// frameRole says in what kind of function a frame stands.
type frameRole uint8

const (
	roleAny frameRole = iota
	roleDeclared
	roleLiteral
	roleWrapper
)

func roleOf(fn string) frameRole {
	switch id := parseFuncName(fn); {
	case id.wrapper:
		return roleWrapper
	case id.literal && id.declared:
		return roleAny
	case id.literal:
		return roleLiteral
	}
	return roleDeclared
}

func (r frameRole) fits(e *goExpr) bool {
	switch r {
	case roleDeclared:
		return !e.literal
	case roleLiteral:
		return e.literal || e.target.isC()
	}
	return true
}

// callSite is a question: what did the frame do?
type callSite struct {
	fn     string // its function
	line   int
	callee string // the function that it called, "" if not known
	// calleeLine is where that stood; see callee.line.
	calleeLine int
	kind       failure
	// loose says that other functions may have been called in between.
	loose bool
	// guessed says that only a message tells that something failed, or that a
	// panic began here, but not how.
	guessed bool
}

// locate returns the range of the expression that a frame stands in.
func (f *sourceFile) locate(q callSite) (span, bool) {
	if q.callee == "" && q.kind == noFailure {
		return span{}, false
	}
	f.once.Do(func() { f.syntax = parseGoSyntax(f.text) })
	if f.syntax == nil {
		return span{}, false
	}
	var found *goExpr
	if q.kind != noFailure {
		found = f.syntax.failure(q, f.pkg)
	} else {
		found = f.syntax.call(q, f.pkg)
	}
	// A range that starts on another line cannot be drawn from this one.
	if found == nil || found.line != q.line {
		return span{}, false
	}
	return found.span, true
}

// call finds the one call on a line that can have led to the callee.
func (g *goSyntax) call(q callSite, pkg *goPackage) *goExpr {
	role := roleOf(q.fn)
	c := callee{funcID: parseFuncName(q.callee), line: q.calleeLine, pkg: pkg}
	c.local = c.funcID.pkg == parseFuncName(q.fn).pkg
	if c.wrapper || strings.HasPrefix(q.callee, "<") {
		return nil
	}
	if name, ok := strings.CutPrefix(q.callee, "runtime."); ok && (name == "" || name[0] < 'A' || 'Z' < name[0]) {
		return nil // not called by name
	}
	n := g.unseen(q.line, role, &c)
	var found, after *goExpr
	afters := 0
	for i := range g.calls[q.line] {
		e := &g.calls[q.line][i]
		switch {
		case !role.fits(e) || e.spawned && role != roleWrapper || !e.after && role == roleWrapper || !e.target.reaches(&c):
		case e.after && role != roleWrapper && !g.isExit(q.line, e):
			// It should not run here. Still nothing else can have.
			after = e
			afters++
		default:
			found = e
			n++
		}
	}
	if n == 0 && afters == 1 {
		n, found = 1, after
	}
	if n != 1 || found == nil {
		return nil
	}
	if q.loose && g.leadsOut(q.line, role, found) {
		return nil
	}
	// A callee without a position was not taken from a stack of Go: its name must
	// be there.
	if q.calleeLine == unknownLine && !found.target.names(&c) {
		return nil
	}
	return found
}

// leadsOut reports whether a call on a line, other than one, may lead to a function
// of another package.
func (g *goSyntax) leadsOut(line int, role frameRole, but *goExpr) bool {
	out := len(g.hidden[line]) > 0
	g.deferred(line, role, func(*goExpr) { out = true })
	for i := range g.calls[line] {
		e := &g.calls[line][i]
		switch e.target.kind {
		case targetNone, targetFunc, targetLiteral:
		default:
			out = out || e != but && !e.target.isBuiltin() && !e.encloses(but)
		}
	}
	return out
}

// encloses reports whether f, on the same line, is a part of e: among the arguments
// of a call, which are there before it is made.
func (e *goExpr) encloses(f *goExpr) bool {
	after := f.span.endLine < e.span.endLine || f.span.endLine == e.span.endLine && f.span.endCol <= e.span.endCol
	return e.line == f.line && e.span.col <= f.span.col && after
}

// unseen counts the calls on a line that have no expression there and can have
// led to c.
func (g *goSyntax) unseen(line int, role frameRole, c *callee) int {
	n := 0
	for i := range g.hidden[line] {
		if e := &g.hidden[line][i]; role.fits(e) && e.target.reaches(c) {
			n++
		}
	}
	g.deferred(line, role, func(e *goExpr) {
		if e.target.reaches(c) {
			n++
		}
	})
	return n
}

// deferred calls f with each call that was deferred elsewhere and may run on a
// line.
func (g *goSyntax) deferred(line int, role frameRole, f func(e *goExpr)) {
	if role == roleWrapper {
		return
	}
	each := func(fn *goFunc) {
		if role == roleDeclared && fn.literal || role == roleLiteral && !fn.literal {
			return
		}
		for i := range fn.deferred {
			if fn.deferred[i].line != line {
				f(&fn.deferred[i])
			}
		}
	}
	for _, fn := range g.exits[line] {
		each(fn)
	}
	for _, fn := range g.resumed {
		if fn.from <= line && line <= fn.to {
			each(fn)
		}
	}
}

// isExit reports whether deferred calls of the function that e is in can run on
// its line.
func (g *goSyntax) isExit(line int, e *goExpr) bool {
	for _, fn := range g.exits[line] {
		if fn.literal == e.literal {
			return true
		}
	}
	return false
}

// failure finds the one expression on a line that can have failed.
func (g *goSyntax) failure(q callSite, pkg *goPackage) *goExpr {
	role := roleOf(q.fn)
	var found *goExpr
	n, others, panics := 0, 0, 0
	for i := range g.failures[q.line] {
		e := &g.failures[q.line][i]
		switch {
		case !role.fits(e) || role == roleWrapper && !e.after:
			continue
		case e.kind == failDeref && e.target.kind != targetNone && !e.target.nilable(pkg):
			continue // a call of a function that is there
		case e.kind == q.kind:
			found = e
			n++
		}
		if e.kind == failPanic {
			panics++
		} else {
			others++
		}
	}
	switch {
	case n != 1:
		return nil
	case q.guessed && q.kind == failPanic && others > 0:
		return nil // any of these can have failed
	case q.guessed && q.kind != failPanic && panics > 0:
		return nil // the message may be that of a panic
	case g.failsDeferred(q, role, pkg):
		return nil
	}
	return found
}

// failsDeferred reports whether what failed on a line may be a call that was deferred
// elsewhere: of a nil function, or of a builtin, which the stack shows as if the
// function itself had made it.
func (g *goSyntax) failsDeferred(q callSite, role frameRole, pkg *goPackage) bool {
	found := false
	g.deferred(q.line, role, func(e *goExpr) {
		switch {
		case e.target.isBuiltin():
			found = found || builtinFailures[e.target.name] == q.kind
		case q.kind == failDeref || q.kind == failPanic && q.guessed:
			found = found || e.target.nilable(pkg)
		}
	})
	return found
}
