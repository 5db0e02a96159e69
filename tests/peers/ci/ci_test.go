// Package ci_test checks what "epitaph ci" writes by the schema of SARIF, and reads it as
// others read JUnit's format.
package ci_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/joshdk/go-junit"
	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// sarifSchema returns the schema of OASIS, which go-sarif has in a constant of its own.
func sarifSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/owenrumney/go-sarif/v3").Output()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(strings.TrimSpace(string(dir)), "pkg/report/v210/sarif/schema.go")
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && len(lit.Value) > len(text) {
			text = lit.Value
		}
		return true
	})
	if text, err = strconv.Unquote(text); err != nil {
		t.Fatal(err)
	}
	schema, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("urn:sarif", schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("urn:sarif")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// run runs epitaph ci on the output of a real go test -json, and returns the two files.
func run(t *testing.T, input string) (junitFile, sarifFile string) {
	t.Helper()
	dir := t.TempDir()
	command := filepath.Join(dir, "epitaph")
	build := exec.Command("go", "build", "-o", command, "github.com/epitaph-go/epitaph/cmd/epitaph")
	build.Dir = "../../../cmd/epitaph" // in the workspace
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	junitFile, sarifFile = filepath.Join(dir, "junit.xml"), filepath.Join(dir, "crash.sarif")
	out, err := exec.Command(command, "ci", "-junit", junitFile, "-sarif", sarifFile, input).CombinedOutput()
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 1 {
		t.Fatalf("%v\n%s", err, out)
	}
	return junitFile, sarifFile
}

func TestSchemas(t *testing.T) {
	junitFile, sarifFile := run(t, "../../../cmd/epitaph/internal/ci/testdata/crash.json")
	text, err := os.ReadFile(sarifFile)
	if err != nil {
		t.Fatal(err)
	}
	log, err := sarif.FromBytes(text)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(log.Runs[0].Results); n != 1 {
		t.Errorf("%d results", n)
	}
	schema := sarifSchema(t)
	validate := func(text string) error {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(v)
	}
	if err := validate(string(text)); err != nil {
		t.Error(err)
	}
	if err := validate(strings.Replace(string(text), `"level": "error"`, `"level": "terrible"`, 1)); err == nil {
		t.Error("the schema takes anything")
	}
	suites, err := junit.IngestFile(junitFile)
	if err != nil {
		t.Fatal(err)
	}
	status := map[string]junit.Status{}
	for _, s := range suites {
		for _, test := range s.Tests {
			status[test.Name] = test.Status
			if test.Name == "TestFrames/first_frame" && !strings.HasPrefix(test.Message, "SIGSEGV in copy_plane") {
				t.Errorf("message %q", test.Message)
			}
		}
	}
	for name, want := range map[string]junit.Status{
		"TestGood": junit.StatusPassed, "TestLater": junit.StatusSkipped, "TestWrong": junit.StatusFailed,
		"TestFrames/first_frame": junit.StatusError, "TestFine": junit.StatusPassed,
	} {
		if status[name] != want {
			t.Errorf("%s: %s, want %s", name, status[name], want)
		}
	}
}
