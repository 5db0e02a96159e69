package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/epitaph-go/epitaph/stackfmt"
)

func init() {
	handled["panic-nil-pointer"] = func() error { return nilPointer(nil) }
	handled["panic-index"] = func() error { return (&matrix{rows: [][]int{{1}}}).at(0, 3) }
	handled["panic-divide"] = func() error { fmt.Println(ratio(1, 0)); return nil }
	handled["panic-conversion"] = func() error { return conversion("text") }
	handled["panic-error"] = func() error { panic(loadConfig("/no/such")) }
	handled["panic-generic"] = func() error { _ = first([]string{}); return nil }
	handled["panic-callback"] = callback
	handled["panic-while-handling"] = whileHandling
	handled["panic-recovered-first"] = recoveredFirst
	handled["panic-goroutine"] = inGoroutine
	handled["panic-deferred-method"] = deferredMethod
	handled["recursion-100000"] = func() error { return descend(100_000) }
	handled["recursion-100000-panic"] = func() error { fmt.Println(dive(100_000)); return nil }
	handled["recursion-mutual"] = func() error { return even(20_001) }
	options["recursion-mutual"] = []stackfmt.Option{stackfmt.WithRecursion(2)}

	crashes["crash-goroutine"] = crashGoroutine
	crashes["crash-chain"] = crashChain
	crashes["crash-overflow"] = func() { debug.SetMaxStack(1 << 20); fmt.Println(endless(0)) }
	crashes["crash-nil-pointer"] = func() { _ = nilPointer(nil) }
	crashes["crash-unlock"] = func() { new(sync.Mutex).Unlock() }
	crashes["crash-recursion-100000"] = func() { fmt.Println(dive(100_000)) }
}

// Panics during initialisation where it is told to: before main, no deferred
// function of the program could print it.
var _ = func() bool {
	if len(os.Args) == 2 && os.Args[1] == "crash-init" {
		panic(errors.New("in init"))
	}
	crashes["crash-init"] = func() {}
	return true
}()

type matrix struct{ rows [][]int }

//go:noinline
func (m *matrix) at(i, j int) error {
	if m.rows[i][j] == 0 {
		return io.EOF
	}
	return nil
}

//go:noinline
func nilPointer(m *matrix) error {
	m.rows = nil
	return nil
}

//go:noinline
func ratio(a, b int) int {
	return 100 * a / b
}

//go:noinline
func conversion(v any) error {
	return v.(error)
}

//go:noinline
func first[T any](list []T) T {
	return list[0]
}

func callback() error {
	list := []*matrix{{}, nil, {}}
	slices.SortFunc(list, func(a, b *matrix) int { return len(a.rows) - len(b.rows) })
	return nil
}

func whileHandling() error {
	defer func() {
		panic("could not roll back")
	}()
	panic("could not commit")
}

func recoveredFirst() error {
	defer func() {
		tb := stackfmt.FromPanic(recover())
		panic(fmt.Errorf("gave up after: %s", tb.Message))
	}()
	return (&matrix{}).at(1, 1)
}

func inGoroutine() error {
	done := make(chan *stackfmt.Traceback)
	go func() {
		defer func() { done <- stackfmt.FromPanic(recover()) }()
		worker(nil)
	}()
	tb := <-done
	return tb.Print(os.Stdout)
}

func worker(jobs chan int) {
	close(jobs)
}

type resource struct{ open bool }

func (r *resource) Close() {
	if !r.open {
		panic("closed twice")
	}
}

func deferredMethod() error {
	r := &resource{}
	defer r.Close()
	return nil
}

//go:noinline
func descend(n int) error {
	if n == 0 {
		return stackfmt.WithStack(io.ErrNoProgress)
	}
	return descend(n - 1)
}

//go:noinline
func dive(n int) int {
	if n == 0 {
		panic("at the bottom")
	}
	return dive(n-1) + 1
}

//go:noinline
func even(n int) error {
	if n == 0 {
		panic("zero")
	}
	return odd(n - 1)
}

//go:noinline
func odd(n int) error {
	if n == 0 {
		panic("zero")
	}
	return even(n - 1)
}

//
//lint:ignore SA5007 that is the failure
//go:noinline
func endless(n int) int { return endless(n+1) + 1 }

func crashGoroutine() {
	wait := make(chan int)
	go func() {
		panic(fmt.Errorf("worker: %w", io.EOF))
	}()
	<-wait
}

func crashChain() {
	defer func() {
		defer func() { panic("third") }()
		panic(recover().(string) + " and second")
	}()
	panic("first")
}
