package ci

import (
	"encoding/xml"
	"fmt"
	"io"
	"time"
)

// The elements of JUnit's format as Jenkins' schema has them (junit-10.xsd).
type (
	suites struct {
		XMLName  xml.Name `xml:"testsuites"`
		Tests    int      `xml:"tests,attr"`
		Failures int      `xml:"failures,attr"`
		Errors   int      `xml:"errors,attr"`
		Suites   []suite  `xml:"testsuite"`
	}
	suite struct {
		Name      string     `xml:"name,attr"`
		Tests     int        `xml:"tests,attr"`
		Failures  int        `xml:"failures,attr"`
		Errors    int        `xml:"errors,attr"`
		Skipped   int        `xml:"skipped,attr"`
		Time      string     `xml:"time,attr"`
		Timestamp string     `xml:"timestamp,attr,omitempty"`
		Cases     []testcase `xml:"testcase"`
	}
	testcase struct {
		Class   string    `xml:"classname,attr"`
		Name    string    `xml:"name,attr"`
		Time    string    `xml:"time,attr"`
		Skipped *struct{} `xml:"skipped"`
		Error   *problem  `xml:"error"`
		Failure *problem  `xml:"failure"`
	}
	problem struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes all tests. One that crashed is an error with the report, one that failed
// otherwise a failure with its output.
func JUnit(w io.Writer, r *Results) error {
	var all suites
	for _, p := range r.Packages {
		s := p.suite()
		if len(s.Cases) == 0 {
			continue
		}
		all.Suites = append(all.Suites, s)
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Errors += s.Errors
	}
	text, err := xml.MarshalIndent(&all, "", " ")
	if err != nil {
		return fmt.Errorf("ci: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	return err
}

func (p *Package) suite() suite {
	s := suite{Name: p.Path, Time: seconds(p.Elapsed)}
	if !p.Started.IsZero() {
		s.Timestamp = p.Started.UTC().Format("2006-01-02T15:04:05")
	}
	for _, t := range p.Tests {
		c := testcase{Class: p.Path, Name: t.Name, Time: seconds(t.Elapsed)}
		switch crash := p.crashOf(t); {
		case crash != nil:
			c.Error = crash.problem()
		case t.Status == Skipped:
			c.Skipped = new(struct{})
			s.Skipped++
		case p.failed(t):
			c.Failure = &problem{"the test failed", "failure", t.output.String()}
		}
		s.add(c)
	}
	for i := range p.Crashes {
		if p.Crashes[i].Test == nil {
			s.add(testcase{Class: p.Path, Name: "(package)", Time: "0.000", Error: p.Crashes[i].problem()})
		}
	}
	if p.Failed && s.Errors+s.Failures == 0 { // it was not built, or TestMain failed
		s.add(testcase{Class: p.Path, Name: "(package)", Time: seconds(p.Elapsed), Failure: &problem{"the package failed", "failure", p.output.String()}})
	}
	return s
}

func (s *suite) add(c testcase) {
	s.Cases = append(s.Cases, c)
	s.Tests++
	if c.Error != nil {
		s.Errors++
	}
	if c.Failure != nil {
		s.Failures++
	}
}

func (c *Crash) problem() *problem { return &problem{c.Summary(), c.Kind(), c.String()} }

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
