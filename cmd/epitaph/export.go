package main

import (
	"errors"
	"flag"
	"fmt"

	"github.com/google/pprof/profile"

	"github.com/epitaph-go/epitaph/export/gotext"
	"github.com/epitaph-go/epitaph/export/otel"
	"github.com/epitaph-go/epitaph/export/pprof"
	"github.com/epitaph-go/epitaph/export/sentry"
	"github.com/epitaph-go/epitaph/internal/cli"
)

var exportFormats = []string{"sentry", "otel", "pprof", "go"}

var exportCommand = cli.Command{
	Name: "export", Args: "sentry|otel|pprof|go FILE...",
	Short: "a report in the format of another tool",
	Words: exportFormats,
	Help: `Prints the reports in the FILEs in the format of another tool:

  sentry  an envelope with one event, to POST to a server of Sentry; one report
  otel    the body of an OTLP/HTTP request with a log record a report, as JSON
  pprof   a profile of goroutines and threads, for "go tool pprof"
  go      the text that Go prints of a crash, for tools that read that
`,
	Notes: `  epitaph export pprof FILE > crash.pb.gz && go tool pprof -http : crash.pb.gz

Nothing is sent; "epitaph ship" sends.`,
	Setup: setUpExport,
}

func setUpExport(flags *flag.FlagSet) cli.Action {
	protobuf := flags.Bool("protobuf", false, "with otel: a protocol buffer instead of JSON")
	return func(env *cli.Env, args []string) error {
		if len(args) == 0 {
			return cli.Usage("no format: want sentry, otel, pprof or go")
		}
		if *protobuf && args[0] != "otel" {
			return cli.Usage("-protobuf goes with otel")
		}
		var all []finding
		err := eachReport(env, args[1:], func(f finding) error {
			all = append(all, f)
			return nil
		})
		if err != nil {
			return err
		}
		switch args[0] {
		case "sentry":
			if len(all) > 1 {
				return fmt.Errorf("%d reports: an envelope has one event", len(all))
			}
			return sentry.Envelope(env.Out, all[0].Report)
		case "otel":
			return exportOTLP(env, all, *protobuf)
		case "pprof":
			return exportProfile(env, all)
		}
		for _, f := range all {
			if err := gotext.Write(env.Out, f.Report); err != nil {
				return err
			}
		}
		return nil
	}
}

func exportOTLP(env *cli.Env, all []finding, protobuf bool) error {
	var records []map[string]any
	for _, f := range all {
		records = append(records, f.Record())
	}
	q, err := otel.NewRequest(records...)
	if err != nil {
		return err
	}
	body := q.Protobuf()
	if !protobuf {
		if body, err = q.JSON(); err != nil {
			return err
		}
		body = append(body, '\n')
	}
	_, err = env.Out.Write(body)
	return err
}

// exportProfile puts the reports of several files into one profile.
func exportProfile(env *cli.Env, all []finding) error {
	var profiles []*profile.Profile
	var problems []error
	for _, f := range all {
		p, err := pprof.Profile(f.Report)
		problems = append(problems, err)
		profiles = append(profiles, p)
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	merged, err := profile.Merge(profiles)
	if err != nil {
		return err
	}
	return merged.Write(env.Out)
}
