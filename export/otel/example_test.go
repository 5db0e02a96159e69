package otel_test

import (
	"bytes"
	"context"
	"log"
	"net/http"
	"os"

	otelapi "go.opentelemetry.io/otel"

	"github.com/epitaph-go/epitaph/blackbox"
	"github.com/epitaph-go/epitaph/export/otel"
	"github.com/epitaph-go/epitaph/report"
)

// A program that has a logger of OpenTelemetry reports its last crash when it starts again.
func ExampleRecord() {
	run, err := blackbox.Open("/var/lib/ingest/box") // handler.LastRun
	if err != nil || !run.Unexpected() || len(run.Report) == 0 {
		return
	}
	if r, err := report.Parse(run.Report); err == nil {
		otelapi.GetLoggerProvider().Logger("ingest").Emit(context.Background(), otel.Record(r))
	}
}

// A request needs no SDK.
func ExampleNewRequest() {
	text, err := os.ReadFile("/var/crash/ingest.crash")
	if err != nil {
		return
	}
	r, err := report.Parse(text)
	if err != nil {
		return
	}
	q, err := otel.NewRequest(r.Record())
	if err != nil {
		log.Fatal(err)
	}
	resp, err := http.Post("http://localhost:4318/v1/logs", "application/x-protobuf", bytes.NewReader(q.Protobuf()))
	if err != nil {
		log.Fatal(err)
	}
	resp.Body.Close()
}
