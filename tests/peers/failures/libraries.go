package main

import (
	"errors"
	"io"

	cockroach "github.com/cockroachdb/errors"
	goerrors "github.com/go-errors/errors"
	pkgerrors "github.com/pkg/errors"
	"github.com/rotisserie/eris"
	"github.com/samber/oops"
	tozd "gitlab.com/tozd/go/errors"
)

// Each library makes an error in one function, and wraps it in another.

func init() {
	handled["lib-pkg-errors"] = func() error { return pkgerrors.Wrap(pkgNew(), "outer") }
	handled["lib-cockroachdb"] = func() error { return cockroach.Wrap(cockroachNew(), "outer") }
	handled["lib-go-errors"] = func() error { return goerrors.WrapPrefix(goNew(), "outer", 0) }
	handled["lib-eris"] = func() error { return eris.Wrap(erisNew(), "outer") }
	handled["lib-oops"] = func() error { return oops.Wrapf(oopsNew(), "outer") }
	handled["lib-tozd"] = func() error { return tozd.Wrap(tozdNew(), "outer") }
	handled["lib-joined"] = func() error {
		return errors.Join(pkgNew(), cockroachNew(), goNew(), erisNew(), oopsNew(), tozdNew())
	}
}

func pkgNew() error       { return pkgerrors.New("pkg") }
func cockroachNew() error { return cockroach.WithHint(cockroach.New("cockroach"), "try again") }
func goNew() error        { return goerrors.New(io.EOF) }
func erisNew() error      { return eris.New("eris") }
func oopsNew() error      { return oops.In("peers").Errorf("oops") }
func tozdNew() error      { return tozd.New("tozd") }
