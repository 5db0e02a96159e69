package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/epitaph-go/epitaph/stackfmt"
)

func init() {
	handled["wrapped"] = func() error { return loadConfig("/no/such") }
	handled["wrapped-all"] = handled["wrapped"]
	options["wrapped-all"] = []stackfmt.Option{stackfmt.WithAllWrappers()}
	handled["rewrapped"] = rewrapped
	handled["rewrapped-shared-tail"] = rewrapped
	options["rewrapped-shared-tail"] = []stackfmt.Option{stackfmt.WithElideShared()}
	handled["joined"] = closeAll
	handled["joined-nested"] = nestedJoin
	handled["joined-wrapped"] = func() error { return stackfmt.Wrap(closeAll(), "shutting down") }
	handled["noted"] = noted
	handled["cycle"] = cycle
	handled["plain"] = func() error { return io.ErrUnexpectedEOF }
	handled["nil"] = func() error { return nil }
	handled["method-value"] = func() error { return apply((&store{}).get) }
	handled["closure"] = func() error { return closure("7x")() }
	handled["generic"] = func() error { _, err := convert[int64]("7x"); return err }
}

func loadConfig(path string) error {
	if err := readConfig(path); err != nil {
		return fmt.Errorf("loading service: %w", err)
	}
	return nil
}

func readConfig(path string) error {
	_, err := os.ReadFile(path)
	return stackfmt.WithStack(fmt.Errorf("reading config: %w", err))
}

func rewrapped() error {
	if err := loadConfig("/no/such"); err != nil {
		return stackfmt.Wrap(err, "starting")
	}
	return nil
}

func closeAll() error {
	return errors.Join(
		closeOne("db", io.ErrClosedPipe),
		nil,
		fmt.Errorf("cache: %w", io.ErrShortWrite),
	)
}

func closeOne(name string, err error) error { return stackfmt.Wrap(err, "closing "+name) }

func nestedJoin() error {
	inner := errors.Join(closeOne("a", io.EOF), closeOne("b", errors.New("two\nlines")))
	return fmt.Errorf("batch: %w", errors.Join(inner, stackfmt.Wrap(closeAll(), "second batch")))
}

func noted() error {
	_, err := strconv.Atoi("7x")
	err = stackfmt.AddNote(stackfmt.WithStack(err), "in column 3", "the file is\nwritten by hand")
	return stackfmt.AddNote(fmt.Errorf("row 12: %w", err), "skipped")
}

type node struct {
	name string
	next error
}

func (n *node) Error() string { return n.name }
func (n *node) Unwrap() error { return n.next }

func cycle() error {
	a, b := &node{name: "a"}, &node{name: "b"}
	a.next, b.next = stackfmt.WithStack(b), a
	return a
}

type store struct{ data map[string]string }

func (s *store) get(key string) error {
	if _, ok := s.data[key]; !ok {
		return stackfmt.WithStack(fmt.Errorf("no key %q", key))
	}
	return nil
}

func apply(f func(string) error) error { return f("k") }

// The name of a closure in an inlined function differs between versions of Go.
//
//go:noinline
func closure(text string) func() error {
	return func() error {
		_, err := strconv.Atoi(text)
		return stackfmt.Wrap(err, "in a closure")
	}
}

func convert[T ~int | ~int64](text string) (T, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	return T(n), stackfmt.WithStack(err)
}
