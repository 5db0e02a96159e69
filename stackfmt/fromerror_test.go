package stackfmt_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// treeText writes a tree in one line: the type and message of each error, {the
// innermost function of its stack}, its notes, [group], <- its cause, ~ its
// context.
func treeText(t *stackfmt.Traceback) string {
	if t == nil {
		return "nil"
	}
	var b strings.Builder
	b.WriteString(t.Type + "=" + t.Message)
	if t.Cycle {
		b.WriteString("<cycle>")
	}
	if n := len(t.Stack); n > 0 {
		fn := t.Stack[n-1].Func
		b.WriteString("{" + fn[strings.LastIndexByte(fn, '/')+1:] + "}")
	}
	for _, n := range t.Notes {
		b.WriteString(" !" + n)
	}
	if t.Group != nil {
		var all []string
		for _, m := range t.Group {
			all = append(all, treeText(m))
		}
		b.WriteString(" [" + strings.Join(all, "; ") + "]")
	}
	if t.Cause != nil {
		b.WriteString(" <- " + treeText(t.Cause))
	}
	if t.Context != nil {
		b.WriteString(" ~ " + treeText(t.Context))
	}
	return b.String()
}

// chainError is an error that can wrap anything, itself included.
type chainError struct {
	msg  string
	next error
	all  []error
	pcs  []uintptr
}

func (e *chainError) Error() string         { return e.msg }
func (e *chainError) Unwrap() error         { return e.next }
func (e *chainError) StackTrace() []uintptr { return e.pcs }

type groupError chainError

func (e *groupError) Error() string   { return e.msg }
func (e *groupError) Unwrap() []error { return e.all }

// here returns a stack of its caller.
//
//go:noinline
func here() []uintptr {
	pcs := make([]uintptr, 32)
	return pcs[:runtime.Callers(2, pcs)]
}

type hostile struct{ what string }

func (h hostile) Error() string {
	if h.what == "Error" {
		panic("no message")
	}
	return "hostile"
}
func (h hostile) Unwrap() error {
	if h.what == "Unwrap" {
		panic(h)
	}
	return nil
}
func (h hostile) StackTrace() []uintptr {
	if h.what == "StackTrace" {
		panic("no stack")
	}
	return nil
}
func (h hostile) Notes() []string {
	if h.what == "Notes" {
		panic(nil)
	}
	return []string{"fine"}
}

type hostileGroup struct{}

func (hostileGroup) Error() string   { return "group" }
func (hostileGroup) Unwrap() []error { panic("no members") }

type valueError string

func (v valueError) Error() string { return string(v) }
func (v valueError) Unwrap() error { return v }

type selfPointer struct{ p *selfPointer }

func (s selfPointer) Error() string { return "value" }
func (s selfPointer) Unwrap() error { return *s.p }

type nilPanics struct{ msg string }

func (n *nilPanics) Error() string { return n.msg }

func atA(err error) error { return stackfmt.Wrap(err, "A") }
func atB(err error) error { return stackfmt.Wrap(err, "B") }
func atS(err error) error { return stackfmt.WithStack(err) }

// errorTree is an error and what is made of it.
type errorTree struct {
	name string
	err  error
	want string
	opts []stackfmt.TakeOption
}

func errorTrees() []errorTree {
	pathErr := &fs.PathError{Op: "open", Path: "x", Err: syscall.ENOENT}
	self := &chainError{msg: "self"}
	self.next = self
	// On lines of their own: errors with the same stack are one block.
	a := &chainError{msg: "a", pcs: here()}
	b := &chainError{msg: "b", pcs: here()}
	a.next, b.next = b, a
	selfGroup := &groupError{msg: "g"}
	selfGroup.all = []error{selfGroup, io.EOF}
	shared := &chainError{msg: "shared", pcs: here()}
	return []errorTree{
		{"nil", nil, "nil", nil},
		{"plain", errors.New("x"), "*errors.errorString=x", nil},
		{"wrapped twice", fmt.Errorf("a: %w", fmt.Errorf("b: %w", errors.New("x"))), "*errors.errorString=a: b: x", nil},
		{"type of the first that says something", fmt.Errorf("a: %w", pathErr), "*fs.PathError=a: open x: no such file or directory", nil},
		{"all wrappers", fmt.Errorf("a: %w", pathErr), "*fmt.wrapError=a: open x: no such file or directory <- *fs.PathError=open x: no such file or directory <- syscall.Errno=no such file or directory",
			[]stackfmt.TakeOption{stackfmt.WithAllWrappers()}},
		{"with stack", atS(errors.New("x")), "*errors.errorString=x{stackfmt_test.atS}", nil},
		{"wrappers around a stack", fmt.Errorf("a: %w", atS(errors.New("x"))), "*errors.errorString=a: x{stackfmt_test.atS}", nil},
		{"two stacks", atB(fmt.Errorf("m: %w", atA(errors.New("x")))), "*fmt.wrapError=B: m: A: x{stackfmt_test.atB} <- *errors.errorString=A: x{stackfmt_test.atA}", nil},
		{"second WithStack adds nothing", atS(fmt.Errorf("m: %w", atA(errors.New("x")))), "*errors.errorString=m: A: x{stackfmt_test.atA}", nil},
		{"notes from the inside", stackfmt.AddNote(fmt.Errorf("m: %w", stackfmt.AddNote(errors.New("x"), "1", "2")), "3"), "*errors.errorString=m: x !1 !2 !3", nil},
		{"join", errors.Join(errors.New("x"), nil, pathErr), "*errors.joinError=2 errors [*errors.errorString=x; *fs.PathError=open x: no such file or directory]", nil},
		{"join of one", errors.Join(io.EOF), "*errors.joinError=1 error [*errors.errorString=EOF]", nil},
		{"wrapped join", fmt.Errorf("all: %w", errors.Join(io.EOF, io.ErrNoProgress)), "*errors.joinError=all: 2 errors [*errors.errorString=EOF; *errors.errorString=multiple Read calls return no data or error]", nil},
		{"group with words of its own", fmt.Errorf("%w and %w", io.EOF, io.EOF), "*fmt.wrapErrors=EOF and EOF [*errors.errorString=EOF; *errors.errorString=EOF]", nil},
		{"nested joins", errors.Join(errors.Join(io.EOF), io.EOF), "*errors.joinError=2 errors [*errors.joinError=1 error [*errors.errorString=EOF]; *errors.errorString=EOF]", nil},
		{"join in a stack", atA(errors.Join(atB(io.EOF), io.EOF)), "*errors.joinError=A: 2 errors{stackfmt_test.atA} [*errors.errorString=B: EOF{stackfmt_test.atB}; *errors.errorString=EOF]", nil},
		{"cycle of one", self, "*stackfmt_test.chainError=self <- *stackfmt_test.chainError=self<cycle>", nil},
		{"cycle of two", a, "*stackfmt_test.chainError=a{stackfmt_test.errorTrees} <- *stackfmt_test.chainError=b{stackfmt_test.errorTrees} <- *stackfmt_test.chainError=a<cycle>", nil},
		{"group in itself", selfGroup, "*stackfmt_test.groupError=g [*stackfmt_test.groupError=g<cycle>; *errors.errorString=EOF]", nil},
		{"value that wraps its equal", valueError("v"), "stackfmt_test.valueError=v <- stackfmt_test.valueError=v<cycle>", nil},
		{"shared cause, under the last as in Python", errors.Join(&chainError{msg: "1", pcs: here(), next: shared}, &chainError{msg: "2", pcs: here(), next: shared}),
			"*errors.joinError=2 errors [*stackfmt_test.chainError=1{stackfmt_test.errorTrees}; *stackfmt_test.chainError=2{stackfmt_test.errorTrees} <- *stackfmt_test.chainError=shared{stackfmt_test.errorTrees}]", nil},
		{"same member twice", errors.Join(shared, shared), "*errors.joinError=2 errors [*stackfmt_test.chainError=shared{stackfmt_test.errorTrees}; *stackfmt_test.chainError=shared{stackfmt_test.errorTrees}]", nil},
		{"nil member", &groupError{msg: "g", all: []error{nil, io.EOF}}, "*stackfmt_test.groupError=g [<nil>=; *errors.errorString=EOF]", nil},
		{"Error panics", hostile{"Error"}, "stackfmt_test.hostile=<error Error() failed> !fine", nil},
		{"Unwrap panics", hostile{"Unwrap"}, "stackfmt_test.hostile=hostile !fine !Ignored panic in Unwrap: hostile", nil},
		{"StackTrace panics", hostile{"StackTrace"}, "stackfmt_test.hostile=hostile !fine !Ignored panic in StackTrace: no stack", nil},
		{"Notes panics", hostile{"Notes"}, "stackfmt_test.hostile=hostile !Ignored panic in Notes: " + new(runtime.PanicNilError).Error(), nil},
		{"members panic", hostileGroup{}, "stackfmt_test.hostileGroup=group !Ignored panic in Unwrap: no members", nil},
		{"nil pointer", (*nilPanics)(nil), "*stackfmt_test.nilPanics=<error Error() failed>", nil},
	}
}

func TestFromErrorTrees(t *testing.T) {
	for _, tt := range errorTrees() {
		if got := treeText(stackfmt.FromError(tt.err, tt.opts...)); got != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.name, got, tt.want)
		}
	}
	// A value that cannot be recognised ends the chain by its length.
	loop := selfPointer{}
	loop.p = &loop
	tb := stackfmt.FromError(loop)
	if tb.Cause == nil || !strings.Contains(tb.Cause.Message, "65536") {
		t.Errorf("endless chain: %s", treeText(tb))
	}
}

// TestFromErrorKeepsNothing: a Traceback is a tree of plain values.
func TestFromErrorKeepsNothing(t *testing.T) {
	collected := make(chan struct{})
	tb := func() *stackfmt.Traceback {
		e := &chainError{msg: "gone", pcs: here()}
		runtime.AddCleanup(e, func(struct{}) { close(collected) }, struct{}{})
		return stackfmt.FromError(fmt.Errorf("m: %w", e))
	}()
	for i := 0; ; i++ {
		runtime.GC()
		select {
		case <-collected:
			runtime.KeepAlive(tb)
			return
		default:
			if i == 100 {
				t.Fatal("the error is still reachable")
			}
		}
	}
}

// TestFromErrorEndless: chains and groups without an end take bounded time and
// memory.
func TestFromErrorEndless(t *testing.T) {
	var long error = errors.New("x")
	for range 100_000 {
		long = &chainError{msg: "c", next: long}
	}
	if tb := stackfmt.FromError(long, stackfmt.WithAllWrappers()); depth(tb) != 65537 {
		t.Errorf("long chain: %d errors", depth(tb))
	}
	var dag error = errors.New("x")
	for range 64 {
		dag = &groupError{msg: "g", all: []error{dag, dag}}
	}
	if n := count(stackfmt.FromError(dag)); n > 1<<17 {
		t.Errorf("shared groups: %d errors", n)
	}
}

func depth(t *stackfmt.Traceback) (n int) {
	for ; t != nil; t = t.Cause {
		n++
	}
	return n
}

func count(t *stackfmt.Traceback) int {
	n := 0
	for work := []*stackfmt.Traceback{t}; len(work) > 0; n++ {
		t, work = work[len(work)-1], work[:len(work)-1]
		work = append(work, t.Group...)
		if t.Cause != nil {
			work = append(work, t.Cause)
		}
	}
	return n
}

func TestFromErrorDeterministic(t *testing.T) {
	err := atB(errors.Join(atA(io.EOF), fmt.Errorf("x: %w", io.EOF)))
	if a, b := stackfmt.FromError(err), stackfmt.FromError(err); !reflect.DeepEqual(a, b) {
		t.Errorf("two tracebacks of one error differ:\n%s\n%s", treeText(a), treeText(b))
	}
}

// FuzzFromError makes graphs of errors, with cycles and shared parts, out of
// bytes. The walk has to end, and to make a tree that is not much larger.
func FuzzFromError(f *testing.F) {
	f.Add([]byte{0, 1, 2})
	f.Add([]byte{0x81, 0, 0x41, 1, 0xc2, 2, 3, 3})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 2 || len(data) > 64 {
			return
		}
		// Of two bytes one says what the error is, the other what it wraps.
		nodes := make([]error, len(data)/2)
		for i := range nodes {
			switch kind := data[2*i]; {
			case kind&1 != 0:
				nodes[i] = &groupError{msg: fmt.Sprint(i)}
			case kind&2 != 0:
				nodes[i] = &chainError{msg: fmt.Sprint(i), pcs: []uintptr{uintptr(i) + 1, 2}}
			default:
				nodes[i] = &chainError{msg: fmt.Sprint(i)}
			}
		}
		for i := range nodes {
			to := int(data[2*i+1])
			switch e := nodes[i].(type) {
			case *groupError:
				e.all = []error{nodes[to%len(nodes)], nodes[to/3%len(nodes)]}
			case *chainError:
				if to < 250 {
					e.next = nodes[to%len(nodes)]
				}
			}
		}
		for _, opts := range [][]stackfmt.TakeOption{nil, {stackfmt.WithAllWrappers()}} {
			tb := stackfmt.FromError(nodes[0], opts...)
			if n := count(tb); n > 1<<17 {
				t.Fatalf("%d errors of %d", n, len(nodes))
			}
			if count(tb) < 1000 && len(tb.String()) == 0 {
				t.Fatal("no text")
			}
		}
	})
}
