//go:build linux && amd64 && cgo

package goruntime

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// The packages of the distribution that test cgo itself, libraries that are made with it, and the
// C compilers' sanitizers. All but the first build from the directory testdata: the second two
// libraries, and hosts in C around them, the others programs.
var cgoTests = []cgoTest{
	{name: "test"},
	{name: "testcarchive", test: "carchive_test.go"},
	{name: "testcshared", test: "cshared_test.go"},
	{name: "testsanitizers", programs: true},
}

type cgoTest struct {
	name     string
	test     string // the file that names testdata
	programs bool   // in testdata, each of which is built from there, where it lies
}

// tooLong builds all packages anew, with linker flags of its own, twice.
const tooLong = "^TestGo2C2Go$"

// ended are tests of which another result is known, with the reason, where Epitaph is enabled.
var ended = map[string]string{
	"testcarchive/TestInstall": readsBack,
	"testcarchive/TestPIE":     readsBack,
}

const readsBack = "the host installs a handler of SIGSEGV and finds Epitaph's: in a c-archive its calls of sigaction are not seen"

// The distribution's own tests of cgo have the same results with Epitaph in what they build, enabled
// and not.
func TestCgoTests(t *testing.T) {
	if !victim.Full {
		t.Skip("only with EPITAPH_MATRIX=full")
	}
	for _, c := range cgoTests {
		t.Run(c.name, func(t *testing.T) {
			if _, err := os.Stat(c.dir()); err != nil {
				t.Skipf("this distribution of Go has no %s", c.dir())
			}
			want := c.results(t, "runtime/cgo", "")
			for _, epitaph := range []string{"", "1"} {
				got := c.results(t, "github.com/epitaph-go/epitaph/handler/auto", epitaph)
				t.Logf("EPITAPH=%s: %d results", epitaph, len(got))
				compareResults(t, c.name, epitaph, got, want)
			}
		})
	}
}

func compareResults(t *testing.T, pkg, epitaph string, got, want map[string]string) {
	t.Helper()
	all := maps.Clone(got)
	maps.Copy(all, want)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if _, known := ended[pkg+"/"+name]; known && epitaph != "" {
			if got[name] == want[name] {
				t.Errorf("EPITAPH=%s: %s: there is no difference any more", epitaph, name)
			}
		} else if got[name] != want[name] {
			t.Errorf("EPITAPH=%s: %s: %q, without Epitaph %q", epitaph, name, got[name], want[name])
		}
	}
}

func (c cgoTest) dir() string { return filepath.Join(goroot(), "src/cmd/cgo/internal", c.name) }

// results are what the tests of a package of the distribution end with, by their names. The
// package has one import more, or, if a test builds from testdata, each program there.
func (c cgoTest) results(t *testing.T, path, epitaph string) map[string]string {
	t.Helper()
	scratch := t.TempDir()
	overlay := filepath.Join(scratch, "overlay.json")
	replaced, err := json.Marshal(map[string]any{"Replace": c.replaced(t, path, scratch)})
	if err != nil {
		t.Fatal(err)
	}
	write(t, overlay, replaced)
	goflags := "-trimpath"
	if c.programs {
		goflags = "-overlay=" + overlay // for the go commands of the test
	}
	cmd := exec.Command("go", "test", "-C", c.dir(), "-json", "-count=1", "-timeout=30m", "-skip", tooLong, "-overlay", overlay, ".")
	cmd.Env = append(os.Environ(), "GO111MODULE=off", "GOPATH="+gopath(t), "CGO_ENABLED=1", "GOFLAGS="+goflags, "EPITAPH="+epitaph)
	if epitaph == "" {
		cmd.Env = slices.DeleteFunc(cmd.Env, func(v string) bool { return strings.HasPrefix(v, "EPITAPH=") })
	}
	cmd.WaitDelay = time.Second
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, runErr := cmd.Output()
	results, text := map[string]string{}, ""
	for line := range bytes.Lines(out) {
		var event struct{ Action, Test, Output string }
		if json.Unmarshal(line, &event) != nil {
			continue
		}
		text += event.Output
		if event.Test != "" && slices.Contains([]string{"pass", "fail", "skip"}, event.Action) {
			results[event.Test] = event.Action
		}
	}
	if len(results) < 10 {
		t.Fatalf("%v: %v\n%s%s", cmd, runErr, text, stderr.Bytes())
	}
	if slices.Contains(slices.Collect(maps.Values(results)), "fail") {
		t.Logf("EPITAPH=%s, with %s:\n%s", epitaph, path, text)
	}
	return results
}

// replaced are the files that are other ones for the go command.
func (c cgoTest) replaced(t *testing.T, path, scratch string) map[string]string {
	t.Helper()
	switch {
	case c.programs:
		return withImports(t, filepath.Join(c.dir(), "testdata"), path, scratch)
	case c.test != "":
		return map[string]string{filepath.Join(c.dir(), c.test): withTestdata(t, c.dir(), c.test, path, scratch)}
	}
	file := filepath.Join(scratch, "more.go")
	write(t, file, []byte("package cgotest\n\nimport _ \""+path+"\"\n"))
	return map[string]string{filepath.Join(c.dir(), "one_import_more.go"): file}
}

// withImports are copies of the programs in a directory, and in those below it, that have one import
// more, on a line that they have already: their tests look for numbers of lines.
func withImports(t *testing.T, data, path, scratch string) map[string]string {
	t.Helper()
	replace := map[string]string{}
	err := filepath.WalkDir(data, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".go" {
			return err
		}
		source, err := os.ReadFile(name)
		before, after, found := strings.Cut("\n"+string(source), "\npackage main\n")
		if err == nil && found {
			replace[name] = filepath.Join(scratch, fmt.Sprintf("%d.go", len(replace)))
			write(t, replace[name], []byte((before + "\npackage main; import _ \"" + path + "\"\n" + after)[1:]))
		}
		return err
	})
	if err != nil || len(replace) == 0 {
		t.Fatalf("no programs in %s: %v", data, err)
	}
	return replace
}

// withTestdata is a copy of the package's test that builds from a copy of testdata, in GOPATH mode and
// with this module in GOPATH.
func withTestdata(t *testing.T, dir, test, path, scratch string) string {
	t.Helper()
	data := filepath.Join(scratch, "testdata")
	if err := os.CopyFS(data, os.DirFS(filepath.Join(dir, "testdata"))); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(data, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".go" {
			return err
		}
		source, err := os.ReadFile(name)
		if err == nil && bytes.Contains(source, []byte("\npackage main\n")) && bytes.Contains(source, []byte(`import "C"`)) {
			write(t, filepath.Join(filepath.Dir(name), "one_import_more.go"), []byte("package main\n\nimport _ \""+path+"\"\n"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(filepath.Join(dir, test))
	if err != nil {
		t.Fatal(err)
	}
	text := string(source)
	for from, to := range map[string]string{
		`"testdata")`:                 strconv.Quote(data) + ")",
		`os.Setenv("GOPATH", GOPATH)`: `os.Setenv("GOPATH", GOPATH+":"+` + strconv.Quote(gopath(t)) + `)`,
	} {
		if !strings.Contains(text, from) {
			t.Fatalf("%s of this distribution of Go is another one: %s is not in it", test, from)
		}
		text = strings.ReplaceAll(text, from, to)
	}
	copied := filepath.Join(scratch, test)
	write(t, copied, []byte(text))
	return copied
}
