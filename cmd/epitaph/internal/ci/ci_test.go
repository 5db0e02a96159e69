package ci_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/cmd/epitaph/internal/ci"
)

// checkout makes a directory with the go.mod of the module whose tests testdata is of.
func checkout(t *testing.T) (root string, places *ci.Places) {
	t.Helper()
	root = t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "go.mod"), []byte("// media\nmodule example.com/media\n\ngo 1.26.0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return root, ci.NewPlaces(root)
}

// output is what go test -json printed of a module that is in root: in one package a test
// that fails and one that crashes, while a line of its output was not yet ended; all is
// well in the other.
func output(t *testing.T, name, root string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "/src/media", filepath.ToSlash(root))
}

func read(t *testing.T, text string) *ci.Results {
	t.Helper()
	r, err := ci.Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const summary = "SIGSEGV in copy_plane (dec.go:10), called from dec.Decode (dec.go:22): write through a NULL pointer + 8"

func TestRead(t *testing.T) {
	root, _ := checkout(t)
	r := read(t, output(t, "crash", root))
	crashes := r.Crashes()
	if len(r.Packages) != 2 || len(crashes) != 1 {
		t.Fatalf("%d packages, %d crashes", len(r.Packages), len(crashes))
	}
	c := crashes[0]
	if c.Summary() != summary || c.Name() != "example.com/media/dec.TestFrames/first_frame" || c.Kind() != "SIGSEGV" || !c.Complete() {
		t.Errorf("%s of %s (%s)", c.Summary(), c.Name(), c.Kind())
	}
	if n := r.Failures(); n != 3 { // TestWrong, TestFrames and its subtest
		t.Errorf("%d failures", n)
	}
}

// TestReadPieces: reports are found whatever pieces the output was cut into, and while two
// packages print at one time.
func TestReadPieces(t *testing.T) {
	root, _ := checkout(t)
	whole := read(t, output(t, "crash", root)).Crashes()[0].String()
	var cut []string
	for line := range strings.Lines(output(t, "crash", root)) {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		text, _ := e["Output"].(string)
		if e["Action"] != "output" {
			cut = append(cut, line)
			continue
		}
		for _, part := range []string{text[:len(text)/2], text[len(text)/2:]} {
			e["Output"] = part
			b, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			other := strings.ReplaceAll(string(b), "example.com/media/dec", "example.com/media/enc")
			cut = append(cut, string(b)+"\n", other+"\n")
		}
	}
	cut = append(cut, `{"Action":"fail","Package":"example.com/media/enc","Elapsed":1}`+"\n")
	crashes := read(t, strings.Join(cut, "")).Crashes()
	if len(crashes) != 2 || crashes[0].String() != whole {
		t.Fatalf("%d crashes, want 2 of\n%s", len(crashes), whole)
	}
	if name := crashes[0].Name(); name != "example.com/media/dec.TestFrames/first_frame" {
		t.Errorf("it is of %s", name)
	}
	if crashes[1].Summary() != strings.ReplaceAll(summary, "dec.Decode", "enc.Decode") {
		t.Errorf("the other: %s", crashes[1].Summary())
	}
}

// TestWantedCrash: what a test that passes prints of a crash is not reported.
func TestWantedCrash(t *testing.T) {
	root, _ := checkout(t)
	text := output(t, "crash", root)
	passed := text + `{"Action":"pass","Package":"example.com/media/dec","Test":"TestFrames/first_frame","Elapsed":0}` + "\n"
	if n := len(read(t, passed).Crashes()); n != 0 {
		t.Errorf("%d crashes of a test that passed", n)
	}
	passed = strings.ReplaceAll(text, `"Action":"fail"`, `"Action":"pass"`)
	if r := read(t, passed); len(r.Crashes()) != 0 || r.Failures() != 0 {
		t.Errorf("%d crashes and %d failures of packages that passed", len(r.Crashes()), r.Failures())
	}
}

func TestGitHub(t *testing.T) {
	root, places := checkout(t)
	var b strings.Builder
	r := read(t, output(t, "crash", root))
	if err := ci.GitHub(&b, r, places); err != nil {
		t.Fatal(err)
	}
	want := "::error file=dec/dec.go,line=10,title=SIGSEGV in example.com/media/dec.TestFrames/first_frame::" + summary +
		"%0Aexample.com/media/dec.TestFrames/first_frame, signature " + r.Crashes()[0].Signature() + "\n" +
		"::error file=dec/dec_test.go,line=26,title=example.com/media/dec.TestWrong::got 1, want 2\n"
	if got := b.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestTrimpath: a program that was built with -trimpath has the module's path in place of
// the checkout's.
func TestTrimpath(t *testing.T) {
	_, places := checkout(t)
	for file, want := range map[string]string{
		"example.com/media/dec/dec.go": "dec/dec.go", "example.com/mediator/dec.go": "", "/src/media/dec/dec.go": "", "dec/dec.go": "",
	} {
		if got, ok := places.Relative(file); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v", file, got, ok)
		}
	}
}

func TestJUnit(t *testing.T) {
	root, _ := checkout(t)
	var b bytes.Buffer
	if err := ci.JUnit(&b, read(t, output(t, "crash", root))); err != nil {
		t.Fatal(err)
	}
	var v struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Suites   []struct {
			Name  string `xml:"name,attr"`
			Cases []struct {
				Name  string `xml:"name,attr"`
				Error *struct {
					Message string `xml:"message,attr"`
					Type    string `xml:"type,attr"`
					Text    string `xml:",chardata"`
				} `xml:"error"`
				Failure *struct {
					Text string `xml:",chardata"`
				} `xml:"failure"`
				Skipped *struct{} `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(b.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	if v.Tests != 6 || v.Failures != 2 || v.Errors != 1 || len(v.Suites) != 2 {
		t.Fatalf("%d tests, %d failures, %d errors, %d suites", v.Tests, v.Failures, v.Errors, len(v.Suites))
	}
	for _, c := range v.Suites[0].Cases {
		switch c.Name {
		case "TestFrames/first_frame":
			if c.Error == nil || c.Error.Message != summary || c.Error.Type != "SIGSEGV" || !strings.Contains(c.Error.Text, "in copy_plane [0x") {
				t.Errorf("%s: %+v", c.Name, c.Error)
			}
		case "TestWrong":
			if c.Failure == nil || !strings.Contains(c.Failure.Text, "got 1, want 2") {
				t.Errorf("%s: %+v", c.Name, c.Failure)
			}
		case "TestLater":
			if c.Skipped == nil {
				t.Errorf("%s is not skipped", c.Name)
			}
		case "TestFrames": // its subtest crashed
		default:
			if c.Error != nil || c.Failure != nil || c.Skipped != nil {
				t.Errorf("%s: %+v", c.Name, c)
			}
		}
	}
}

// TestNoBuild: a package that could not be built is a failure with what the compiler said.
func TestNoBuild(t *testing.T) {
	root, _ := checkout(t)
	r := read(t, output(t, "nobuild", root))
	var b bytes.Buffer
	if err := ci.JUnit(&b, r); err != nil {
		t.Fatal(err)
	}
	if r.Failures() != 1 || !strings.Contains(b.String(), "not enough arguments in call to handler.Ready") || !strings.Contains(b.String(), `failures="1"`) {
		t.Errorf("%d failures in\n%s", r.Failures(), &b)
	}
}

func TestSARIF(t *testing.T) {
	root, places := checkout(t)
	r := read(t, output(t, "crash", root))
	var b bytes.Buffer
	if err := ci.SARIF(&b, r, places); err != nil {
		t.Fatal(err)
	}
	type location struct {
		PhysicalLocation struct {
			ArtifactLocation struct{ URI, URIBaseID string }
			Region           struct{ StartLine int }
		}
		LogicalLocations []struct{ FullyQualifiedName string }
	}
	var v struct {
		Runs []struct {
			Results []struct {
				RuleID              string
				Message             struct{ Text string }
				Locations           []location
				Stacks              []struct{ Frames []struct{ Location location } }
				PartialFingerprints map[string]string
			}
		}
	}
	if err := json.Unmarshal(b.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	res := v.Runs[0].Results[0]
	at := res.Locations[0].PhysicalLocation
	if res.RuleID != "SIGSEGV" || res.Message.Text != summary || at.ArtifactLocation.URI != "dec/dec.go" || at.Region.StartLine != 10 ||
		res.PartialFingerprints["epitaphSignature/1"] != r.Crashes()[0].Signature() {
		t.Errorf("result %+v", res)
	}
	frames := res.Stacks[0].Frames
	if len(frames) != len(r.Crashes()[0].Calls()) || frames[1].Location.LogicalLocations[0].FullyQualifiedName != "decode_frame" ||
		!strings.HasPrefix(frames[3].Location.PhysicalLocation.ArtifactLocation.URI, "file:///opt/go/src/runtime/") {
		t.Errorf("frames %+v", frames)
	}
}
