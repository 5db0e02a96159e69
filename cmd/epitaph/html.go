package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/epitaph-go/epitaph/internal/cli"
	"github.com/epitaph-go/epitaph/report/html"
)

var htmlCommand = cli.Command{
	Name: "html", Args: "FILE|DIR|-...",
	Short: "a page of each report: one file that loads nothing",
	Help: `Writes an HTML page of the report in FILE to standard output or, with -o, to a file.
Of several reports, -o names the directory for a page each. The page shows the source
of the first frames where the files are there and older than the crash.
`,
	Setup: setUpHTML,
}

func setUpHTML(flags *flag.FlagSet) cli.Action {
	out := flags.String("o", "", "write to `PATH`: a file or, if it is a directory or ends in a slash, NAME.html in it")
	var src dirs
	flags.Var(&src, "src", "look for source files below `DIR`, too, even newer ones. May be given several times")
	noSource := flags.Bool("nosource", false, "show no source")
	return func(env *cli.Env, args []string) error {
		p := pages{env: env, out: *out, src: src, noSource: *noSource}
		err := eachReport(env, args, p.take)
		if status := cli.Status(0); err == nil || errors.As(err, &status) {
			if problem := p.writeOnly(); problem != nil {
				return problem
			}
		}
		return err
	}
}

// pages are those that one command writes.
type pages struct {
	env      *cli.Env
	out      string
	src      []string
	noSource bool
	only     *finding // the report so far, where there may be no more than one
}

// take writes the page of a report if the pages go to a directory.
func (p *pages) take(f finding) error {
	if strings.HasSuffix(p.out, "/") || isDir(p.out) {
		return p.write(f)
	}
	if p.only != nil {
		return cli.Usage("more than one report: name a directory with -o")
	}
	p.only = &f
	return nil
}

func (p *pages) writeOnly() error {
	if p.only == nil {
		return nil
	}
	return p.write(*p.only)
}

func (p *pages) write(f finding) error {
	opts := []html.Option{html.WithName(filepath.Base(f.file))}
	if !p.noSource {
		opts = append(opts, html.WithSource(sources{p.src, f.Report}.reader()))
	}
	switch {
	case p.out == "":
		return html.Write(p.env.Out, f.Report, opts...)
	case p.only != nil:
		return replace(p.out, 0o644, func(file *os.File) error { return html.Write(file, f.Report, opts...) })
	}
	if err := os.MkdirAll(p.out, 0o755); err != nil {
		return err
	}
	return replace(filepath.Join(p.out, pageName(f)), 0o644, func(file *os.File) error { return html.Write(file, f.Report, opts...) })
}

// pageName is that of a report's file, with the line where the report begins if that is
// not the first one.
func pageName(f finding) string {
	name := "stdin"
	if f.file != "-" {
		name = filepath.Base(f.file)
		for _, ext := range []string{".crash", ".log", ".txt"} {
			name = strings.TrimSuffix(name, ext)
		}
	}
	if f.line > 1 {
		name += fmt.Sprintf("-%d", f.line)
	}
	return name + ".html"
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
