package sentry_test

import (
	"fmt"
	"log"
	"os"
	"time"

	sentrygo "github.com/getsentry/sentry-go"

	"github.com/epitaph-go/epitaph/blackbox"
	"github.com/epitaph-go/epitaph/export/sentry"
	"github.com/epitaph-go/epitaph/report"
)

// A program that has Sentry's client reports its last crash when it starts again.
func ExampleEvent() {
	run, err := blackbox.Open("/var/lib/ingest/box") // handler.LastRun
	if err != nil || !run.Unexpected() || len(run.Report) == 0 {
		return
	}
	r, err := report.Parse(run.Report)
	if err != nil {
		return
	}
	sentrygo.CaptureEvent(sentry.Event(r))
	sentrygo.Flush(5 * time.Second)
}

// The frames of an exception have the innermost call last.
func ExampleEvent_frames() {
	text, err := os.ReadFile("../../report/testdata/abort.crash")
	if err != nil {
		log.Fatal(err)
	}
	r, err := report.Parse(text)
	if err != nil {
		log.Fatal(err)
	}
	event := sentry.Event(r)
	x := event.Exception[0]
	fmt.Println(event.Level, x.Type, event.Fingerprint[0] == r.Signature())
	innermost := x.Stacktrace.Frames[len(x.Stacktrace.Frames)-1]
	fmt.Println(innermost.Function, innermost.Platform)
	// Output:
	// fatal SIGABRT true
	// raise native
}
