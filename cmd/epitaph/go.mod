// Command epitaph: a module of its own, so that what it needs is not among the
// requirements of the programs that use package handler. There is no replace, which
// would make "go install …@latest" refuse it; go.work stands in for the versions, which a
// release sets.
module github.com/epitaph-go/epitaph/cmd/epitaph

go 1.26.0

require (
	github.com/epitaph-go/epitaph v0.0.0
	github.com/epitaph-go/epitaph/export/otel v0.0.0
	github.com/epitaph-go/epitaph/export/pprof v0.0.0
	github.com/epitaph-go/epitaph/export/sentry v0.0.0
	github.com/google/pprof v0.0.0-20261105003125-4bf881d7fb0b
)

require (
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/getsentry/sentry-go v0.50.0 // indirect
	github.com/ianlancetaylor/demangle v0.0.0-20260724033716-83e58baca724 // indirect
	go.opentelemetry.io/otel v1.47.0 // indirect
	go.opentelemetry.io/otel/log v1.47.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.41.0 // indirect
)
