//go:build linux && amd64 && cgo

package goruntime

import (
	"bytes"
	"encoding/json"
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

// The packages of the distribution that test cgo itself, and libraries that are made with it. The
// second two build libraries from the directory testdata, and hosts in C around them.
var cgoTests = []struct {
	name, test string // test: the file that names testdata
}{
	{"test", ""},
	{"testcarchive", "carchive_test.go"},
	{"testcshared", "cshared_test.go"},
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
			dir := filepath.Join(goroot(), "src/cmd/cgo/internal", c.name)
			if _, err := os.Stat(dir); err != nil {
				t.Skipf("this distribution of Go has no %s", dir)
			}
			want := cgoResults(t, dir, c.test, "runtime/cgo", "")
			for _, epitaph := range []string{"", "1"} {
				got := cgoResults(t, dir, c.test, "github.com/epitaph-go/epitaph/handler/auto", epitaph)
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

// cgoResults are what the tests of a package of the distribution end with, by their names. The
// package has one import more, or, if a test builds from testdata, each program there.
func cgoResults(t *testing.T, dir, test, path, epitaph string) map[string]string {
	t.Helper()
	scratch := t.TempDir()
	replace := map[string]string{}
	if test == "" {
		file := filepath.Join(scratch, "more.go")
		write(t, file, []byte("package cgotest\n\nimport _ \""+path+"\"\n"))
		replace[filepath.Join(dir, "one_import_more.go")] = file
	} else {
		replace[filepath.Join(dir, test)] = withTestdata(t, dir, test, path, scratch)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(scratch, "overlay.json"), overlay)
	cmd := exec.Command("go", "test", "-C", dir, "-json", "-count=1", "-timeout=30m", "-skip", tooLong, "-overlay", filepath.Join(scratch, "overlay.json"), ".")
	cmd.Env = append(os.Environ(), "GO111MODULE=off", "GOPATH="+gopath(t), "CGO_ENABLED=1", "GOFLAGS=-trimpath", "EPITAPH="+epitaph)
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
