// Package sentry: a module of its own, so that sentry-go is not among the requirements of
// the programs that use package handler. There is no replace, which go.work stands in for
// until a release sets the version.
module github.com/epitaph-go/epitaph/export/sentry

go 1.26.0

require (
	github.com/epitaph-go/epitaph v0.0.0
	github.com/getsentry/sentry-go v0.50.0
)

require (
	github.com/ianlancetaylor/demangle v0.0.0-20260724033716-83e58baca724 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.41.0 // indirect
)
