// Package ci reads what "go test -json" prints, finds the crash reports in it, and writes
// them in the formats of services that run tests: annotations of GitHub, JUnit, SARIF.
//
// go test -json cuts the output of a test binary into pieces, some of them in the middle
// of a line, and those of packages that run at one time are mixed. The pieces of a package
// are put together again before reports are looked for.
package ci

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/epitaph-go/epitaph/report"
)

// Results is what a run of go test has brought.
type Results struct {
	Packages []*Package
	byPath   map[string]*Package
}

// Package is a package's tests, in the order in which they began.
type Package struct {
	Path    string
	Failed  bool
	Elapsed time.Duration
	Started time.Time
	Tests   []*Test
	// Crashes are those of a package that failed, of tests that did. What tests that
	// passed print of crashes that they wanted is none, nor is a dump on demand.
	Crashes []Crash

	byName map[string]*Test
	output bytes.Buffer
	owners []string // the test that each line of output belongs to
}

// Test is a test or subtest.
type Test struct {
	Name    string
	Status  Status
	Elapsed time.Duration
	output  bytes.Buffer
}

// Status is how a test ended.
type Status int

const (
	Unfinished Status = iota // the process died
	Passed
	Failed
	Skipped
)

// Crash is a report and the test that it is of, which is nil if that is not known.
type Crash struct {
	*report.Report
	Package *Package
	Test    *Test
}

// Name is the test's, with its package.
func (c Crash) Name() string {
	if c.Test == nil {
		return c.Package.Path
	}
	return c.Package.Path + "." + c.Test.Name
}

// Kind is the kind of the cause, as SIGSEGV or panic.
func (c Crash) Kind() string {
	if kind, ok := c.Record()["exception.type"].(string); ok {
		return kind
	}
	return c.Report.Kind.String()
}

// event is a line of go test -json; see go doc test2json.
type event struct {
	Time                          time.Time
	Action, Package, Test, Output string
	Elapsed                       float64
	ImportPath                    string
}

// Read reads the output of go test -json. Lines that are no JSON, as go prints them when
// it cannot begin, count as output of a package without a name. It fails when in does.
func Read(in io.Reader) (*Results, error) {
	r := &Results{byPath: map[string]*Package{}}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			r.line(line)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("ci: %w", err)
		}
	}
	for _, p := range r.Packages {
		p.findCrashes()
	}
	return r, nil
}

func (r *Results) line(line []byte) {
	var e event
	if json.Unmarshal(line, &e) != nil || e.Action == "" {
		e = event{Action: "output", Output: string(line)}
	}
	if e.Action == "build-output" || e.Action == "build-fail" {
		e.Package, _, _ = strings.Cut(e.ImportPath, " ") // "P [P.test]"
	}
	p := r.byPath[e.Package]
	if p == nil {
		p = &Package{Path: e.Package, Started: e.Time, byName: map[string]*Test{}}
		r.byPath[e.Package] = p
		r.Packages = append(r.Packages, p)
	}
	p.add(e)
}

func (p *Package) add(e event) {
	var t *Test
	if e.Test != "" {
		if t = p.byName[e.Test]; t == nil {
			t = &Test{Name: e.Test}
			p.byName[e.Test] = t
			p.Tests = append(p.Tests, t)
		}
	}
	status := map[string]Status{"pass": Passed, "fail": Failed, "skip": Skipped}[e.Action]
	elapsed := time.Duration(e.Elapsed * float64(time.Second))
	switch e.Action {
	case "output", "build-output":
		p.write(e.Output, e.Test)
		if t != nil {
			t.output.WriteString(e.Output)
		}
	case "build-fail":
		p.Failed = true
	case "pass", "fail", "skip":
		if t != nil {
			t.Status, t.Elapsed = status, elapsed
		} else {
			p.Failed, p.Elapsed = p.Failed || status == Failed, elapsed
		}
	}
}

// write appends a piece of the output. A line belongs to the test that began it.
func (p *Package) write(text, test string) {
	for line := range strings.SplitAfterSeq(text, "\n") {
		if line == "" {
			continue
		}
		if b := p.output.Bytes(); len(b) == 0 || b[len(b)-1] == '\n' {
			p.owners = append(p.owners, test)
		}
		p.output.WriteString(line)
	}
}

func (p *Package) findCrashes() {
	if !p.Failed && p.Path != "" {
		return
	}
	s := report.NewScanner(bytes.NewReader(p.output.Bytes()))
	for s.Scan() {
		t := p.owner(s.Line())
		if t != nil && (t.Status == Passed || t.Status == Skipped || t.Status == Failed && s.Report().Kind == report.Dump) {
			continue
		}
		p.Crashes = append(p.Crashes, Crash{s.Report(), p, t})
	}
}

// owner is the test that a line belongs to: the one that go test says, or the last one
// that has begun before it and has not ended.
func (p *Package) owner(line int) *Test {
	if line <= len(p.owners) {
		if t := p.byName[p.owners[line-1]]; t != nil {
			return t
		}
	}
	for i := len(p.Tests) - 1; i >= 0; i-- {
		if p.Tests[i].Status == Unfinished {
			return p.Tests[i]
		}
	}
	return nil
}

// Crashes are those of all packages.
func (r *Results) Crashes() []Crash {
	var all []Crash
	for _, p := range r.Packages {
		all = append(all, p.Crashes...)
	}
	return all
}

// Failures counts the tests that failed, and the packages that did so without one.
func (r *Results) Failures() int {
	n := 0
	for _, p := range r.Packages {
		before := n
		for _, t := range p.Tests {
			if p.failed(t) {
				n++
			}
		}
		if p.Failed && n == before {
			n++
		}
	}
	return n
}

// failed says that a test failed; in a package that did, one without an end has, too.
func (p *Package) failed(t *Test) bool {
	return t.Status == Failed || t.Status == Unfinished && p.Failed
}

// crashOf returns the crash of a test.
func (p *Package) crashOf(t *Test) *Crash {
	for i := range p.Crashes {
		if p.Crashes[i].Test == t {
			return &p.Crashes[i]
		}
	}
	return nil
}
