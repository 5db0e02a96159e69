package ci

import (
	"fmt"
	"io"
	"strings"
)

// GitHub writes an annotation for each crash, at the innermost line of the program that is
// in the checkout, and one for each test that failed otherwise.
func GitHub(w io.Writer, r *Results, places *Places) error {
	var b strings.Builder
	for _, p := range r.Packages {
		for _, c := range p.Crashes {
			file, line, _ := places.of(c.Report)
			text := c.Summary() + "\n" + c.Name() + ", signature " + c.Signature()
			annotate(&b, file, line, c.Kind()+" in "+c.Name(), text)
		}
		for _, t := range p.Tests {
			if !p.failed(t) || p.crashOf(t) != nil || p.hasFailedSubtest(t) {
				continue
			}
			file, line, text := places.ofTest(p, t)
			if text == "" {
				text = "the test failed"
				if t.Status == Unfinished {
					text = "the test did not end"
				}
			}
			annotate(&b, file, line, p.Path+"."+t.Name, text)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// hasFailedSubtest says that a test failed because one of its subtests did.
func (p *Package) hasFailedSubtest(t *Test) bool {
	for _, sub := range p.Tests {
		if strings.HasPrefix(sub.Name, t.Name+"/") && p.failed(sub) {
			return true
		}
	}
	return false
}

// What workflow commands escape (actions/toolkit, packages/core/src/command.ts).
var (
	data     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func annotate(b *strings.Builder, file string, line int, title, text string) {
	b.WriteString("::error ")
	if file != "" {
		fmt.Fprintf(b, "file=%s,line=%d,", property.Replace(file), line)
	}
	fmt.Fprintf(b, "title=%s::%s\n", property.Replace(title), data.Replace(text))
}
