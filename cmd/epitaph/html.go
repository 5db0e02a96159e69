package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/epitaph-go/epitaph/internal/cli"
	"github.com/epitaph-go/epitaph/report/html"
)

var htmlCommand = cli.Command{
	Name: "html", Args: "FILE...",
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
		return eachReport(env, args, p.write)
	}
}

// pages are those that one command writes.
type pages struct {
	env      *cli.Env
	out      string
	src      []string
	noSource bool
	written  int
}

func (p *pages) write(f finding) error {
	opts := []html.Option{html.WithName(filepath.Base(f.file))}
	if !p.noSource {
		opts = append(opts, html.WithSource(sources{p.src, f.Report}.reader()))
	}
	dir := strings.HasSuffix(p.out, "/") || isDir(p.out)
	if p.written++; p.written > 1 && !dir {
		return cli.Usage("more than one report: name a directory with -o")
	}
	switch {
	case p.out == "":
		return html.Write(p.env.Out, f.Report, opts...)
	case !dir:
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
