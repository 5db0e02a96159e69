package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/epitaph-go/epitaph/cmd/epitaph/internal/ci"
	"github.com/epitaph-go/epitaph/internal/cli"
)

var ciCommand = cli.Command{
	Name: "ci", Args: "[FILE]",
	Short: "the crashes in what go test -json prints, for a CI service",
	Help: `Reads the output of "go test -json" from FILE or standard input, finds the crash
reports in it, which may have been cut into pieces, and says which test each is of.
Reports of tests that pass, as those that want a crash, do not count.
`,
	Notes: `  go test -json ./... | epitaph ci -github -sarif crash.sarif -html crashes/

Files are shown by their path in the checkout: the working directory, or
GITHUB_WORKSPACE with -github. The exit status is 1 if a test has failed, so that the
pipe may hide that of go test.`,
	Setup: setUpCI,
}

func setUpCI(flags *flag.FlagSet) cli.Action {
	github := flags.Bool("github", false, "print annotations of GitHub in place of text")
	junit := flags.String("junit", "", "write all tests to `FILE`, in JUnit's format")
	sarif := flags.String("sarif", "", "write the crashes to `FILE`, as SARIF 2.1.0")
	html := flags.String("html", "", "write a page for each crash to `DIR`")
	return func(env *cli.Env, args []string) error {
		if len(args) > 1 {
			return cli.Usage("%d files, want one", len(args))
		}
		in := env.In
		if len(args) == 1 && args[0] != "-" {
			f, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer f.Close()
			in = f
		}
		results, err := ci.Read(in)
		if err != nil {
			return err
		}
		root := "."
		if dir := env.Getenv("GITHUB_WORKSPACE"); *github && dir != "" {
			root = dir
		}
		places := ci.NewPlaces(root)
		if *github {
			err = ci.GitHub(env.Out, results, places)
		} else {
			err = listCrashes(env.Out, results)
		}
		if err == nil && *junit != "" {
			err = replace(*junit, 0o644, func(f *os.File) error { return ci.JUnit(f, results) })
		}
		if err == nil && *sarif != "" {
			err = replace(*sarif, 0o644, func(f *os.File) error { return ci.SARIF(f, results, places) })
		}
		if err == nil && *html != "" {
			err = writePages(env, *html, results.Crashes())
		}
		if err == nil && results.Failures() > 0 {
			return cli.Status(exitFailure)
		}
		return err
	}
}

// listCrashes is for people who read the log.
func listCrashes(w io.Writer, r *ci.Results) error {
	var b strings.Builder
	for _, c := range r.Crashes() {
		fmt.Fprintf(&b, "%s\n  %s\n  signature %s\n", c.Name(), c.Summary(), c.Signature())
	}
	fmt.Fprintf(&b, "crashes: %d, failed tests: %d, packages: %d\n", len(r.Crashes()), r.Failures(), len(r.Packages))
	_, err := io.WriteString(w, b.String())
	return err
}

// writePages writes a page for each crash, named for its test.
func writePages(env *cli.Env, dir string, crashes []ci.Crash) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	p := pages{env: env, out: dir + "/"}
	names := map[string]int{}
	for _, c := range crashes {
		name := pageOf(c.Name())
		if names[name]++; names[name] > 1 {
			name += fmt.Sprintf("-%d", names[name])
		}
		if err := p.write(finding{c.Report, name, 1}); err != nil {
			return err
		}
	}
	return nil
}

// pageOf makes the name of a file of that of a test, whose last part it is.
func pageOf(test string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|#%`, r) {
			return '_'
		}
		return r
	}, test)
}
