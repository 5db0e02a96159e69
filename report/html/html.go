// Package html makes a page of a report, for people: one file with nothing to load, to
// be kept beside the report, attached to a ticket, or served by a CI's artifacts.
//
// The page begins with the sentence that says what crashed where and with three answers:
// the function, who called it from Go, and the last breadcrumb. Stacks with the source of
// their first frames, goroutines, threads, the machine and the text of the report follow.
// It can be read without script; script adds a search and a button that copies a summary.
//
// Nothing of the report can become markup, a script or a request: html/template escapes
// it, and the page's Content-Security-Policy allows its own style and script, by their
// hashes, and nothing else.
package html

import (
	"bufio"
	"crypto/sha256"
	_ "embed" // of the page
	"encoding/base64"
	"fmt"
	"html/template"
	"io"

	"github.com/epitaph-go/epitaph/report"
)

//go:embed page.html
var pageText string

//go:embed page.css
var styleText string

//go:embed page.js
var scriptText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// config is what the options say.
type config struct {
	name   string
	source func(file string, line int) (text string, ok bool)
	size   int
}

// Option configures Write.
type Option func(*config)

// WithName names the file that the report comes from, for the foot of the page.
func WithName(name string) Option { return func(c *config) { c.name = name } }

// WithSource gives the lines of source files, for the frames of the program: ok is false
// where there is no such line. The names of files are those of the report, which may be
// anybody's: what reads them should not read what is no source. Without it, and with nil,
// the page has no source.
func WithSource(line func(file string, line int) (text string, ok bool)) Option {
	return func(c *config) { c.source = line }
}

// DefaultSize is how many bytes a page has at most, about. What does not fit, of stacks
// and of the text, is left out and counted.
const DefaultSize = 1_800_000

// WithSize sets the most bytes that a page has, about, in place of DefaultSize.
func WithSize(bytes int) Option { return func(c *config) { c.size = bytes } }

// Write writes the page of a report. It reads r, which must not change meanwhile. Its
// time is linear in the size of the report, and the page has a limit. The errors are those of w.
func Write(w io.Writer, r *report.Report, opts ...Option) error {
	c := config{size: DefaultSize}
	for _, o := range opts {
		if o != nil {
			o(&c)
		}
	}
	if c.source == nil {
		c.source = func(string, int) (string, bool) { return "", false }
	}
	b := bufio.NewWriterSize(w, 64<<10)
	err := pageTemplate.Execute(b, newPage(r, c))
	if err == nil {
		err = b.Flush()
	}
	if err != nil {
		return fmt.Errorf("html: %w", err)
	}
	return nil
}

// policy is the page's Content-Security-Policy: its one style and its one script, by
// their hashes, so that not even markup that came in by a mistake could run or load
// anything.
var policy = fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'", hash(styleText), hash(scriptText))

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
