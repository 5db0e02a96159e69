// Package sentry turns a report into what Sentry takes: an envelope, for programs and
// collectors that post it themselves, or an event for sentry-go's client.
//
// A program that has the client sends the event at its next start:
//
//	run, err := handler.LastRun(path)
//	if err == nil && run.Unexpected() && len(run.Report) > 0 {
//		if r, err := report.Parse(run.Report); err == nil {
//			sentry.CaptureEvent(epitaphsentry.Event(r))
//			sentry.Flush(5 * time.Second)
//		}
//	}
//
// The envelope has all that Sentry's protocol has a place for: C and Go frames, oldest
// first; the registers; the modules with their build-ids, by which Sentry finds debug
// files; the other threads, and the groups of goroutines as threads; breadcrumbs and
// annotations; and the report's signature as fingerprint, so that Sentry groups as
// package report does. It has the names and types of Sentry's published schema; a module
// without a build-id has the debug id of zeroes, since an image must have one. The client's types have no registers, no state of threads and no
// meta of a mechanism; those are in the envelope alone. The client also sets the
// event's platform to "go"; each frame keeps its own.
//
// Both hold what the report holds: names of hosts, paths, the program's own words. Nothing
// is sent here.
//
// The package is pure Go. Its functions may be called by several goroutines at once.
package sentry
