// Command epitaph: a module of its own, so that what it needs is not among the
// requirements of the programs that use package handler. There is no replace, which
// would make "go install …@latest" refuse it; go.work stands in for the version, which a
// release sets.
module github.com/epitaph-go/epitaph/cmd/epitaph

go 1.26.0

require github.com/epitaph-go/epitaph v0.0.0

require (
	github.com/ianlancetaylor/demangle v0.0.0-20260724033716-83e58baca724 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

