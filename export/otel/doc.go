// Package otel turns reports into OpenTelemetry log records: for the SDK of a program, or
// as the body of an OTLP/HTTP request, which needs no SDK.
//
// A record has the report's time, the severity FATAL, the summary as body, and the
// attributes of [report.Report.Record]: exception.type, exception.message and
// exception.stacktrace, which is the whole report; process.*, thread.*, host.name,
// code.function.name and its kin, and epitaph.signature to group by.
//
// A program that reports its last crash when it starts again:
//
//	run, err := handler.LastRun(path)
//	if err == nil && run.Unexpected() && len(run.Report) > 0 {
//		if r, err := report.Parse(run.Report); err == nil {
//			logger.Emit(ctx, otel.Record(r))
//		}
//	}
//
// The attributes that say which process it was are on the record, since the resource of
// the logger is the process that has started again. In a request, which another
// program sends, service.name, service.version and host.name are the resource.
//
// Nothing is sent here. What leaves the machine is what the report holds: names of hosts,
// paths, the program's own words.
//
// The package is pure Go. Its functions may be called by several goroutines at once.
package otel
