package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

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

// eachReport calls do with every report in the files and below the directories, in their
// order, until it fails. No path is an error, and so is one without a report.
func eachReport(env *cli.Env, paths []string, do func(finding) error) error {
	if len(paths) == 0 {
		return cli.Usage("no FILE")
	}
	empty, trouble, err := readReports(env, paths, do)
	if err != nil {
		return err
	}
	for _, path := range empty {
		fmt.Fprintf(env.Err, "epitaph: %s: there is no report in it\n", inputName(path))
	}
	if trouble || len(empty) > 0 {
		return cli.Status(exitFailure)
	}
	return nil
}

// readReports is eachReport for commands that have their own way with paths without a
// report, which it returns. What cannot be read is reported at once, and makes trouble; the
// rest is read all the same.
func readReports(env *cli.Env, paths []string, do func(finding) error) (empty []string, trouble bool, err error) {
	for _, path := range paths {
		total := 0
		read := func(file string) error {
			n, problem, err := reportsIn(env, file, do)
			total += n
			if problem != nil {
				fmt.Fprintf(env.Err, "epitaph: %v\n", problem)
				trouble = true
			}
			return err
		}
		before := trouble
		trouble = false
		if info, statErr := os.Stat(path); path == "-" || statErr != nil || !info.IsDir() {
			err = read(path)
		} else {
			err = filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
				if err != nil {
					fmt.Fprintf(env.Err, "epitaph: %v\n", err)
					trouble = true
					return nil
				}
				if !d.Type().IsRegular() {
					return nil
				}
				return read(file)
			})
		}
		if err != nil {
			return nil, true, err
		}
		if total == 0 && !trouble {
			empty = append(empty, path)
		}
		trouble = trouble || before
	}
	return empty, trouble, nil
}

// inputName is what a path is called where it is not the beginning of a place.
func inputName(path string) string {
	if path == "-" {
		return "standard input"
	}
	return path
}

// reportsIn calls do with every report in a file, and returns how many there are; problem
// is what kept it from reading on, err that of do.
func reportsIn(env *cli.Env, file string, do func(finding) error) (n int, problem, err error) {
	in := env.In
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return 0, err, nil
		}
		defer f.Close()
		in = f
	}
	s := report.NewScanner(in)
	for ; s.Scan(); n++ {
		if err := do(finding{s.Report(), file, s.Line()}); err != nil {
			return n, nil, err
		}
	}
	if err := s.Err(); err != nil {
		problem = fmt.Errorf("%s: %w", inputName(file), err)
	}
	return n, problem, nil
}
