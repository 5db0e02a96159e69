package main

import (
	"fmt"
	"io"
	"os"

	"github.com/epitaph-go/epitaph/internal/cli"
	"github.com/epitaph-go/epitaph/report"
)

// A finding is a report and where it stood.
type finding struct {
	*report.Report
	file string // "-" for standard input
	line int    // of its first line, from 1
}

func (f finding) String() string { return fmt.Sprintf("%s:%d", printable(f.file), f.line) }

// eachReport calls do with every report in the files, in their order, until it fails. A
// file without a report is an error, and so is no file; none is standard input.
func eachReport(env *cli.Env, files []string, do func(finding) error) error {
	if len(files) == 0 {
		return cli.Usage("no FILE")
	}
	for _, file := range files {
		n, err := reportsIn(env, file, do)
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("%s: there is no report in it", file)
		}
	}
	return nil
}

// reportsIn calls do with every report in a file, and returns how many there are.
func reportsIn(env *cli.Env, file string, do func(finding) error) (n int, err error) {
	in := env.In
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return 0, err
		}
		defer f.Close()
		in = f
	}
	return scan(in, file, do)
}

func scan(in io.Reader, file string, do func(finding) error) (n int, err error) {
	s := report.NewScanner(in)
	for ; s.Scan(); n++ {
		if err := do(finding{s.Report(), file, s.Line()}); err != nil {
			return n, err
		}
	}
	if err := s.Err(); err != nil {
		return n, fmt.Errorf("%s: %w", file, err)
	}
	return n, nil
}
