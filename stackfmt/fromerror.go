package stackfmt

import (
	"reflect"
	"strings"
)

// maxErrors bounds the tree of an error. Only an error that makes new errors
// whenever it is unwrapped, or a group that holds the same groups over and over,
// comes near it.
const maxErrors = 1 << 16

// failedError stands for the message of an error whose Error method panics:
// Python's "<exception str() failed>".
const failedError = "<error Error() failed>"

// FromError makes a [Traceback] of err and of all that it wraps: Python's
// TracebackException.from_exception. A nil err gives a nil Traceback, which
// prints as "<nil>".
//
// The chain is followed through Unwrap() error to the Cause, and through
// Unwrap() []error to the Group. Stacks are taken from errors of
// github.com/pkg/errors, github.com/cockroachdb/errors,
// github.com/go-errors/errors, github.com/rotisserie/eris,
// github.com/samber/oops and gitlab.com/tozd/go/errors, from [Wrap] and
// [WithStack], and from any error that has a method StackTrace() []uintptr or
// Callers() []uintptr. Notes come from Notes() []string.
//
// In Go most errors of a chain only put words before the message of the next.
// So a Traceback stands for a stretch of the chain: an error that has a stack,
// and those without one that it wraps, as they were made at that place; the
// outermost stretch also begins with those that wrap it. It has the message of
// its outermost error and the type of the outermost one that is not merely a
// wrapper of some library. A stretch ends at an error whose message does not
// repeat that of the one that it wraps, which is a Traceback of its own then; only
// the first 64 errors of a stretch are compared. [WithAllWrappers] makes a Traceback
// of each error.
//
// As in Python, a cause that several members of a group share is kept once,
// under the last of them. A cause that leads back to an error above it is kept
// as a mark, see Traceback.Cycle. A method of an error that panics does no harm:
// the message is then "<error Error() failed>", and for the other methods there
// is a note. A chain of more than 65536 errors is cut, with a visible mark.
//
// Of the options, FromError heeds those that say what is taken:
// [WithAllWrappers], [WithLimit], [FirstFrames], [LastFrames], [WithLocals].
// It may be called by several goroutines at once if the errors allow it.
func FromError(err error, opts ...TakeOption) *Traceback {
	c := newConfig(opts)
	return c.fromError(err)
}

func (c *config) fromError(err error) *Traceback {
	if err == nil {
		return nil
	}
	w := errorWalker{c: c, budget: maxErrors - 1}
	root := &Traceback{}
	// Room for the usual error, in one allocation.
	room := &struct {
		block [4]errorLink
		path  [4]any
		work  [4]errorWork
		few   [fewErrors]visited
	}{}
	w.few = room.few[:0]
	w.block, w.path = room.block[:0], room.path[:0]
	w.work = append(room.work[:0], errorWork{err: err, to: root})
	for len(w.work) > 0 {
		item := w.work[len(w.work)-1]
		w.work = w.work[:len(w.work)-1]
		if item.err == nil {
			w.leave(item.above)
			continue
		}
		w.visit(item)
	}
	return root
}

// visit says where the walk has been.
type visit uint8

const (
	unseen visit = iota
	open         // above the place that the walk is at
	done
)

// errorWalker makes the tree with a list of work, not by recursion: chains can
// be as long as memory allows. Like Python's it takes the last entry first.
type errorWalker struct {
	c      *config
	work   []errorWork
	few    []visited     // the states of the first errors
	state  map[any]visit // those of the others
	path   []any         // the open errors, outermost first
	block  []errorLink   // reused by each visit
	budget int
}

// errorWork is an error and the Traceback to fill from it. Without an error it
// says that those are done which were opened after the first above.
type errorWork struct {
	err   error
	to    *Traceback
	above int
}

func (w *errorWalker) push(err error, to *Traceback) {
	w.budget--
	if k, shared := identity(err); shared && w.seen(k) == unseen {
		// Seen from now on, as in Python where it is when the object is made:
		// of two that share a cause the one that is taken first gets it.
		w.set(k, done)
	}
	w.work = append(w.work, errorWork{err: err, to: to})
}

// visited is an error that was entered, and where the walk stands with it.
type visited struct {
	key   any
	visit visit
}

// fewErrors is how many are looked through one by one, which is faster than a
// map for the chains of most programs.
const fewErrors = 8

func (w *errorWalker) set(key any, v visit) {
	for i := range w.few {
		if w.few[i].key == key {
			w.few[i].visit = v
			return
		}
	}
	if len(w.few) < fewErrors {
		w.few = append(w.few, visited{key, v})
		return
	}
	if w.state == nil {
		w.state = make(map[any]visit)
	}
	w.state[key] = v
}

func (w *errorWalker) seen(key any) visit {
	for i := range w.few {
		if w.few[i].key == key {
			return w.few[i].visit
		}
	}
	return w.state[key]
}

// enter opens an error that wraps others. Nothing can lead back to one that
// does not.
func (w *errorWalker) enter(l *errorLink) {
	if !l.follows {
		return
	}
	if k, _ := identity(l.err); k != nil {
		w.set(k, open)
		w.path = append(w.path, k)
	}
}

func (w *errorWalker) leave(above int) {
	for _, k := range w.path[above:] {
		w.set(k, done)
	}
	clear(w.path[above:])
	w.path = w.path[:above]
}

// errorLink is one error of a chain.
type errorLink struct {
	err     error
	stack   errorStack
	members []error
	failed  []string
	// follows says that it wraps something.
	follows bool
	// wrapped is a position that eris keeps of a wrapper, 0 if there is none. Of a
	// single address no stack is made.
	wrapped uintptr
	hidden  error  // see hiddenCause
	text    string // of the message, once it was asked for
	told    bool
}

// message calls Error once.
func (l *errorLink) message() string {
	if !l.told {
		l.text, l.told = errorText(l.err), true
	}
	return l.text
}

// stretch is a part of a chain that one Traceback shows.
type stretch struct {
	block []errorLink
	stack errorStack
	// cause is what follows it, nil if nothing does. cycle says that the walk is in
	// it already, cut that the budget ended before it.
	cause      error
	cycle, cut bool
}

// visit fills item.to from the stretch of the chain that begins with item.err.
func (w *errorWalker) visit(item errorWork) {
	above := len(w.path)
	s := w.take(item.err)
	w.block = s.block
	if s.cause == nil && !s.cut {
		s.cause = hiddenIn(s.block)
	}
	t := item.to
	w.fill(t, s.block, s.stack)
	w.work = append(w.work, errorWork{above: above})
	switch {
	case s.cycle:
		t.Cause = cycleMark(s.cause)
	case s.cut:
		t.Cause = cutMark()
	case s.cause != nil:
		if k, shared := identity(s.cause); !shared || w.seen(k) == unseen {
			t.Cause = &Traceback{}
			w.push(s.cause, t.Cause)
		}
	}
	w.addMembers(t, s.block[len(s.block)-1].members)
}

// take collects the stretch that begins with err.
func (w *errorWalker) take(err error) stretch {
	s := stretch{block: append(w.block[:0], inspect(err))}
	w.enter(&s.block[0])
	s.stack = s.block[0].stack
	for {
		last := &s.block[len(s.block)-1]
		var next error
		if last.members == nil {
			next = unwrap(last)
		}
		if next == nil {
			return s
		}
		if k, _ := identity(next); k != nil && w.seen(k) == open {
			s.cause, s.cycle = next, true
			return s
		}
		if w.budget <= 0 {
			s.cut = true
			return s
		}
		if w.c.allWrappers || !w.extend(&s, next) {
			s.cause = next
			return s
		}
	}
}

// extend adds the next error to a stretch, unless it begins one of its own: with a
// message that is not told yet, or with another stack.
func (w *errorWalker) extend(s *stretch, next error) bool {
	l := inspect(next)
	if !tells(s.block, &l) {
		return false
	}
	if !l.stack.empty() && l.stack.same(s.stack) {
		l.stack = errorStack{}
	}
	if !l.stack.empty() {
		if !s.stack.empty() {
			return false
		}
		if s.stack = l.stack; typePathOf(next) == erisPath {
			s.stack.pcs = withoutInserted(s.stack.pcs, positions(s.block))
		}
	}
	w.budget--
	w.enter(&l)
	s.block = append(s.block, l)
	return true
}

// hiddenIn returns the cause that an error of a stretch hides, the innermost of
// several. It comes behind what they wrap.
func hiddenIn(block []errorLink) (cause error) {
	for i := range block {
		if h := block[i].hidden; h != nil && (i == len(block)-1 || !same(block[i+1].err, h)) {
			cause = h
		}
	}
	return cause
}

// positions are those that eris keeps of wrappers.
func positions(block []errorLink) (pcs []uintptr) {
	for i := range block {
		if block[i].wrapped != 0 {
			pcs = append(pcs, block[i].wrapped)
		}
	}
	return pcs
}

// mostTold is how many errors of a stretch are asked for their messages. Many an Error
// makes its text of the next one's, which takes time for each error below it: to ask
// all of a chain of a thousand takes a second.
const mostTold = 64

// tells says whether the message of the last error of a stretch repeats that of the
// next one.
func tells(block []errorLink, next *errorLink) bool {
	if len(block) > mostTold {
		return true
	}
	text, part := block[len(block)-1].message(), next.message()
	return strings.HasSuffix(text, part) || strings.Contains(text, part)
}

// addMembers makes the Group of t. Unlike causes, members are never left out for
// being shared: the number of members is part of what a group tells.
func (w *errorWalker) addMembers(t *Traceback, members []error) {
	for _, m := range members {
		mt := &Traceback{}
		t.Group = append(t.Group, mt)
		k, _ := identity(m)
		switch {
		case m == nil:
			mt.Type = "<nil>"
		case k != nil && w.seen(k) == open:
			*mt = *cycleMark(m)
		case w.budget <= 0:
			*mt = *cutMark()
		default:
			w.push(m, mt)
			continue
		}
		if w.budget <= 0 {
			break
		}
	}
}

// fill sets everything but the relations to other errors.
func (w *errorWalker) fill(t *Traceback, block []errorLink, stack errorStack) {
	outer, inner := &block[0], &block[len(block)-1]
	t.Type = blockType(block)
	t.Message = outer.message()
	if inner.members != nil {
		t.Message = groupMessage(t.Message, inner.message(), inner.members)
	}
	// Notes were added from the inside out, and that is how Python lists them.
	for i := len(block) - 1; i >= 0; i-- {
		l := &block[i]
		var notes []string
		if failed := guard("Notes", func() { notes = notesOf(l.err) }); failed != "" {
			l.failed = append(l.failed, failed)
		}
		t.Notes = append(append(t.Notes, notes...), l.failed...)
	}
	s := w.c.resolve(stack)
	if n := len(s); n > 0 && isRuntimeType(t.Type) {
		// Recovered, and given a stack where it was wrapped: nothing failed there.
		s[n-1].Callee = unknownCallee
	}
	t.Stack = w.c.take(s)
}

// take applies the options that say what is kept of a traceback's stack.
func (c *config) take(s Stack) Stack {
	s = c.limited(s, false)
	c.addLocals(s)
	return s
}

func inspect(err error) errorLink {
	l := errorLink{err: err}
	if failed := guard("StackTrace", func() { l.stack = carriedStack(err) }); failed != "" {
		l.failed = append(l.failed, failed)
		l.stack = errorStack{}
	}
	if len(l.stack.pcs) == 1 {
		l.wrapped, l.stack = l.stack.pcs[0], errorStack{}
	}
	if failed := guard("Cause", func() { l.hidden = hiddenCause(err) }); failed != "" {
		l.failed = append(l.failed, failed)
	}
	l.follows = l.hidden != nil
	if _, ok := err.(interface{ Unwrap() error }); ok {
		l.follows = true
	}
	if e, ok := err.(interface{ Unwrap() []error }); ok {
		l.follows = true
		if failed := guard("Unwrap", func() { l.members = e.Unwrap() }); failed != "" {
			l.failed = append(l.failed, failed)
		}
		if len(l.members) == 0 {
			l.members = nil
		}
	}
	return l
}

func unwrap(l *errorLink) (next error) {
	e, ok := l.err.(interface{ Unwrap() error })
	if !ok {
		return l.hidden
	}
	if failed := guard("Unwrap", func() { next = e.Unwrap() }); failed != "" {
		l.failed = append(l.failed, failed)
		return nil
	}
	return next
}

func errorText(err error) (text string) {
	if guard("Error", func() { text = err.Error() }) != "" {
		return failedError
	}
	return text
}

// wrapperPackages are the packages whose types say no more than "an error".
var wrapperPackages = []string{
	"errors",
	"fmt",
	"github.com/pkg/errors",
	"github.com/cockroachdb/errors/",
	"github.com/go-errors/errors",
	"github.com/rotisserie/eris",
	"github.com/samber/oops",
	"gitlab.com/tozd/go/errors",
	"golang.org/x/xerrors",
	"github.com/epitaph-go/epitaph/stackfmt",
}

// blockType returns the type to show for a stretch of a chain.
func blockType(block []errorLink) string {
	for i := range block {
		if t := reflect.TypeOf(block[i].err); !isWrapper(t) {
			return t.String()
		}
	}
	return reflect.TypeOf(block[len(block)-1].err).String()
}

func isWrapper(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	path := t.PkgPath()
	for _, p := range wrapperPackages {
		if path == p || strings.HasSuffix(p, "/") && strings.HasPrefix(path, p) {
			return true
		}
	}
	return false
}
