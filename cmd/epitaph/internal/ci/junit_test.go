package ci_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/cmd/epitaph/internal/ci"
)

// An element of JUnit's format, as Jenkins' schema junit-10.xsd has it: its attributes, those
// that there must be with a "!", and what may stand in it, in this order.
type element struct{ attributes, children string }

var junit = map[string]element{
	"testsuites": {"name time tests failures disabled errors", "testsuite"},
	"testsuite": {"name! tests! failures errors time disabled skipped timestamp hostname id package",
		"properties testcase system-out system-err"},
	"testcase": {"name! assertions time classname status", "skipped error failure system-out system-err"},
	"skipped":  {}, "error": {"type message", ""}, "failure": {"type message", ""},
}

// conforms reads XML, and returns what is not as the schema has it.
func conforms(text string) (faults []string) {
	type open struct {
		name string
		last int // of the children
	}
	stack := []open{{}}
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return faults
		}
		if err != nil {
			return append(faults, err.Error())
		}
		switch token := token.(type) {
		case xml.StartElement:
			name, in := token.Name.Local, &stack[len(stack)-1]
			children := strings.Fields(junit[in.name].children)
			if len(stack) == 1 {
				children = []string{"testsuites"}
			}
			at := slices.Index(children, name)
			if at < in.last {
				faults = append(faults, fmt.Sprintf("%s in %s, or not in its order", name, in.name))
			}
			in.last = at
			faults = append(faults, attributes(token)...)
			stack = append(stack, open{name: name})
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		}
	}
}

func attributes(e xml.StartElement) (faults []string) {
	known := strings.Fields(junit[e.Name.Local].attributes)
	for _, a := range e.Attr {
		name := a.Name.Local
		if !slices.Contains(known, name) && !slices.Contains(known, name+"!") {
			faults = append(faults, fmt.Sprintf("%s has the attribute %s", e.Name.Local, name))
		}
	}
	for _, name := range known {
		if must, ok := strings.CutSuffix(name, "!"); ok && !slices.ContainsFunc(e.Attr, func(a xml.Attr) bool { return a.Name.Local == must }) {
			faults = append(faults, fmt.Sprintf("%s has no attribute %s", e.Name.Local, must))
		}
	}
	return faults
}

// TestJUnitSchema: what is written conforms to the schema, and something else would not.
func TestJUnitSchema(t *testing.T) {
	root, _ := checkout(t)
	for _, name := range []string{"crash", "nobuild"} {
		var b strings.Builder
		if err := ci.JUnit(&b, read(t, output(t, name, root))); err != nil {
			t.Fatal(err)
		}
		for _, fault := range conforms(b.String()) {
			t.Errorf("%s: %s", name, fault)
		}
	}
	for _, bad := range []string{
		`<testsuite name="a" tests="1"></testsuite>`, `<testsuites><testcase name="a"/></testsuites>`,
		`<testsuites><testsuite name="a"></testsuite></testsuites>`, `<testsuites><testsuite name="a" tests="1" ok="1"></testsuite></testsuites>`,
		`<testsuites><testsuite name="a" tests="1"><testcase name="a"><failure/><error/></testcase></testsuite></testsuites>`,
		`<testsuites>`,
	} {
		if len(conforms(bad)) == 0 {
			t.Errorf("taken: %s", bad)
		}
	}
}
