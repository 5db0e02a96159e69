package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"

	"github.com/epitaph-go/epitaph/internal/cli"
	"github.com/epitaph-go/epitaph/report"
)

var jsonCommand = cli.Command{
	Name: "json", Args: "FILE|DIR|-...",
	Short: "reports as JSON",
	Help: `Prints each report in FILE as a JSON object on a line of its own. Its schema is
"epitaph.report/1".
`,
	Setup: setUpJSON,
}

func setUpJSON(flags *flag.FlagSet) cli.Action {
	indent := flags.Bool("indent", false, "print each object over many lines, indented")
	record := flags.Bool("record", false, "print a flat record for logs, with OpenTelemetry's names, instead of the whole report")
	schema := flags.Bool("schema", false, "print the JSON Schema of a report, and read no FILE")
	return func(env *cli.Env, args []string) error {
		if *schema {
			_, err := env.Out.Write(report.JSONSchema())
			return err
		}
		return eachReport(env, args, func(f finding) error {
			var value any = f.Report
			if *record {
				value = f.Record()
			}
			b, err := json.Marshal(value)
			if err != nil {
				return err
			}
			if *indent {
				var wide bytes.Buffer
				if err := json.Indent(&wide, b, "", "  "); err != nil {
					return err
				}
				b = wide.Bytes()
			}
			_, err = fmt.Fprintf(env.Out, "%s\n", b)
			return err
		})
	}
}
