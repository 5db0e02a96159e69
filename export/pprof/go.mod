// Package pprof: a module of its own, so that pprof is not among the requirements of the
// programs that use package handler. There is no replace, which go.work stands in for
// until a release sets the version.
module github.com/epitaph-go/epitaph/export/pprof

go 1.26.0

require (
	github.com/epitaph-go/epitaph v0.0.0
	github.com/google/pprof v0.0.0-20261105003125-4bf881d7fb0b
)

require (
	github.com/ianlancetaylor/demangle v0.0.0-20260724033716-83e58baca724 // indirect
	golang.org/x/sys v0.49.0 // indirect
)
