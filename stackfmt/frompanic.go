package stackfmt

import (
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
)

// maxPanicDepth bounds the memory for a panic's stack. Stacks of Go are limited
// to 1 GB, so an unbounded recursion can be 20 million calls deep.
const maxPanicDepth = 1 << 20

// FromPanic makes a [Traceback] of the value that recover returned. It has to be
// called in the deferred function that recovered, or in one that it calls,
// because only there the stack of the panic still exists:
//
//	defer func() {
//		if r := recover(); r != nil {
//			log.Print(stackfmt.FromPanic(r))
//		}
//	}()
//
// The Stack ends where the panic arose: the deferred functions and the runtime's
// own calls are not part of it. An error as value is shown as [FromError] shows
// it; if it has a stack of its own, which is where it was made, it becomes the
// Cause. Any other value has the type "panic" and the text that the runtime
// prints for it.
//
// If the panic arose while another one was being handled, that one is the
// Context. Go does not give its value away, so its message is known only if FromPanic
// was called for it too, or with [WithEarlierPanics].
//
// The traceback is recorded, for [PrintLast]. A nil value, which is what recover
// returns if there is no panic, gives a nil Traceback and records nothing. The
// options are those of FromError. FromPanic may be called by several goroutines
// at once.
func FromPanic(value any, opts ...TakeOption) *Traceback {
	c := newConfig(opts)
	return c.fromRecovered(value, 1)
}

// fromRecovered takes the stack without the skip innermost functions, which are
// those of this package.
func (c *config) fromRecovered(value any, skip int) *Traceback {
	if value == nil {
		return nil
	}
	return c.fromPanic(value, callers(skip+1, maxPanicDepth))
}

// recorded is the panic that FromPanic saw last.
type recorded struct {
	traceback *Traceback
	goroutine int
	// pcs is the stack from where the panic arose.
	pcs []uintptr
}

// last is process-wide, as Python's sys.last_exc is: PrintLast has no argument
// that could say which.
var last atomic.Pointer[recorded]

// lastPanic returns the traceback that [FromPanic] made last, nil if there is
// none.
func lastPanic() *Traceback {
	if r := last.Load(); r != nil {
		return r.traceback
	}
	return nil
}

func (c *config) fromPanic(value any, pcs []uintptr) *Traceback {
	stacks := panicStacks(pcs)
	t := c.panicTraceback(value, c.take(raisedBy(c.errorStackOf(stacks[0]), value, len(stacks[0]) < len(pcs))))
	r := &recorded{traceback: t, goroutine: goroutineID(), pcs: stacks[0]}
	earlier := last.Load()
	if c.isThrownAgain(t, value, stacks, earlier, r.goroutine) {
		// The stack goes on to where the value was thrown first.
		t.Message += repanicked
		last.Store(r)
		return t
	}
	inner := innermost(t)
	first := inner
	for i, s := range stacks[1:] {
		if earlier != nil && earlier.goroutine == r.goroutine && slices.Equal(earlier.pcs, s) {
			inner.Context = earlier.traceback
			break
		}
		var known any
		if i < len(c.earlierPanics) {
			known = c.earlierPanics[i]
		}
		stack := c.take(raisedBy(c.errorStackOf(s), known, true))
		if known != nil {
			inner.Context = c.panicTraceback(known, stack)
		} else {
			inner.Context = &Traceback{Type: "panic", Message: unknownPanic, Stack: stack}
		}
		inner = innermost(inner.Context)
	}
	if !c.compact && t.Cause != nil && t.Context == nil {
		t.Context = first.Context
	}
	last.Store(r)
	return r.traceback
}

// repanicked is what the runtime prints behind a value that was recovered and thrown
// again.
const repanicked = " [recovered, repanicked]"

// isThrownAgain reports whether the value of a panic is that of the panic during
// whose handling it arose, as far as that is known: from the caller, from the call of
// FromPanic for it, or because it is a run-time error, which only the runtime makes,
// that the program threw.
func (c *config) isThrownAgain(t *Traceback, value any, stacks [][]uintptr, earlier *recorded, goroutine int) bool {
	if len(stacks) != 2 {
		return false
	}
	switch {
	case len(c.earlierPanics) > 0:
		return sameValue(c.earlierPanics[0], value)
	case earlier != nil && earlier.goroutine == goroutine && slices.Equal(earlier.pcs, stacks[1]):
		return earlier.traceback.Type == t.Type && earlier.traceback.Message == t.Message
	}
	_, isError := value.(runtime.Error)
	return isError && functionAt(stacks[0][0]) != functionAt(stacks[1][0]) &&
		!strings.HasPrefix(functionAt(stacks[0][0]), "runtime.") && strings.HasPrefix(functionAt(stacks[1][0]), "runtime.")
}

// sameValue compares two values of panics.
func sameValue(a, b any) bool {
	ta := reflect.TypeOf(a)
	return ta != nil && ta == reflect.TypeOf(b) && ta.Comparable() && reflect.ValueOf(a).Comparable() && a == b
}

// raisedBy notes in the last frame of s what raised a panic. Whether the program
// called panic or something failed is known from the stack, as a recovered run-time
// error can be thrown again. What failed is known from the error where the runtime's
// function stands for several kinds.
func raisedBy(s Stack, value any, panicked bool) Stack {
	if len(s) == 0 {
		return s
	}
	last := &s[len(s)-1]
	switch {
	case !panicked:
		last.Callee = unknownCallee
	case last.Callee == "":
		last.Callee = calleePanic
	case isAmbiguous(last.Callee):
		if err, ok := value.(runtime.Error); ok {
			if callee := calleeSaid(errorText(err)); callee != "" {
				last.Callee = callee
			}
		}
	}
	return s
}

// innermost returns where the Context of a panic belongs: a Context beside a Cause is
// not shown, and the first error of the chain arose while the other panic was being
// handled, too.
func innermost(t *Traceback) *Traceback {
	for t.Cause != nil && !t.Cause.Cycle {
		t = t.Cause
	}
	return t
}

// unknownPanic stands for a value that only the runtime knows.
const unknownPanic = "<value not known>"

func (c *config) panicTraceback(value any, stack Stack) *Traceback {
	err, ok := value.(error)
	if !ok {
		return &Traceback{Type: "panic", Message: panicValue(value), Stack: stack}
	}
	t := c.fromError(err)
	if len(t.Stack) > 0 {
		t = &Traceback{Type: "panic", Message: t.Message, Cause: t}
	}
	t.Stack = stack
	if a, ok := value.(interface{ Addr() uintptr }); ok {
		// Faults that debug.SetPanicOnFault turns into panics.
		_ = guard("Addr", func() { t.Notes = append(t.Notes, fmt.Sprintf("fault address %#x", a.Addr())) })
	}
	return t
}

// panicStacks cuts a stack in which panics are being handled: the first result
// is that of the youngest panic, the others are those of the panics during whose
// handling it arose. Without a panic the result is the whole stack.
//
// The deferred function is called by runtime.gopanic, and what called that is
// where the panic arose; for a fault or an index out of range these are more
// functions of the runtime, which no traceback shows. A runtime.gopanic further
// up belongs to a panic that has not ended yet, recovered or not.
func panicStacks(pcs []uintptr) [][]uintptr {
	stacks := [][]uintptr{pcs}
	for i, pc := range pcs {
		if functionAt(pc) == gopanic {
			stacks = append(stacks, pcs[i+1:])
		}
	}
	if len(stacks) > 1 {
		stacks = stacks[1:]
	}
	return stacks
}

// panicValue is what printpanicval (runtime/error.go) prints, without the limit
// to basic types. Methods are called only where the runtime calls them.
func panicValue(value any) (text string) {
	v := reflect.ValueOf(value)
	if s, ok := value.(fmt.Stringer); ok {
		if guard("String", func() { text = s.String() }) == "" {
			return text
		}
		return "<" + v.Type().String() + " String() failed>"
	}
	named := v.Type().PkgPath() != ""
	switch v.Kind() {
	case reflect.String:
		if !named {
			return v.String()
		}
		return fmt.Sprintf("%s(%q)", v.Type(), v.String())
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr,
		reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		if !named {
			return fmt.Sprint(value)
		}
		return fmt.Sprintf("%s(%v)", v.Type(), value)
	}
	return fmt.Sprintf("(%s) %+v", v.Type(), value)
}
