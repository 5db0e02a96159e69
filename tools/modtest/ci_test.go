//go:build linux && amd64 && cgo

package modtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// A reader of docs/ci.md: an empty directory, and what the page has between fences, in its
// order. Nothing else gets into the module.
type reader struct {
	t      *testing.T
	dir    string
	env    []string
	blocks []string // that have not been read
	shell  string   // the command that was run last
}

// next is what stands between the next fences.
func (r *reader) next() string {
	r.t.Helper()
	if len(r.blocks) == 0 {
		r.t.Fatal("the page ends too early")
	}
	block := r.blocks[0]
	r.blocks = r.blocks[1:]
	return block
}

// run has a shell run commands of the page.
func (r *reader) run(commands string) (out string, failed bool) {
	r.t.Helper()
	r.shell = commands
	cmd := exec.Command("sh", "-e", "-c", commands)
	cmd.Dir, cmd.Env = r.dir, append(os.Environ(), r.env...)
	text, err := cmd.CombinedOutput()
	return string(text), err != nil
}

// works runs commands that must not fail, fails such as must.
func (r *reader) works(commands string) string {
	r.t.Helper()
	out, failed := r.run(commands)
	if failed {
		r.t.Fatalf("%s\n%s", commands, out)
	}
	return out
}

func (r *reader) fails(commands string) string {
	r.t.Helper()
	out, failed := r.run(commands)
	if !failed {
		r.t.Fatalf("%s\nhas not failed:\n%s", commands, out)
	}
	return out
}

// file writes a file of the module.
func (r *reader) file(name, text string) { write(r.t, filepath.Join(r.dir, name), []byte(text)) }

// edit changes a part of a file.
func (r *reader) edit(name, old, new string) {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, name))
	if err != nil || !strings.Contains(string(text), old) {
		r.t.Fatalf("%s has no %q: %v\n%s", name, old, err, text)
	}
	r.file(name, strings.Replace(string(text), old, new, 1))
}

// shows fails the test unless the output has the lines that the page shows of it, apart from
// times, and from what depends on the compiler and on what a fuzzer has found.
func (r *reader) shows(out, page string) {
	r.t.Helper()
	general := func(text string) string {
		for _, re := range []string{`\(\d+\.\d+s\)`, `1:[0-9a-f]{16}`, `\w+_test\.go:\d+`, `/[0-9a-f]{16}\b`, `\(\d+ bytes, smallest of \d+ inputs\)`, `decode\.c:\d+`, `dec\.go:\d+`} {
			text = regexp.MustCompile(re).ReplaceAllString(text, "~")
		}
		return text
	}
	rest := general(out)
	for line := range strings.Lines(general(page)) {
		_, behind, found := strings.Cut(rest, line)
		if !found {
			r.t.Fatalf("%s\nthe output lacks the line\n%s\nof the page:\n%s", r.shell, line, out)
		}
		rest = behind
	}
}

var fenced = regexp.MustCompile("(?ms)^```[a-z]*\n(.*?)^```$")

func newReader(t *testing.T) *reader {
	text, err := os.ReadFile(filepath.Join(root, "docs/ci.md"))
	if err != nil {
		t.Fatal(err)
	}
	published, _ := proxy(t)
	cache := strings.TrimSpace(command(t, ".", nil, "go", "env", "GOMODCACHE"))
	r := &reader{t: t, dir: t.TempDir(), env: []string{
		"GOPROXY=file://" + published + ",file://" + filepath.Join(cache, "cache/download"), "GOSUMDB=off", "GOWORK=off",
		"GOFLAGS=-modcacherw", "GOMODCACHE=" + t.TempDir(), "GOCACHE=" + t.TempDir(), "GOTOOLCHAIN=local",
	}}
	for _, m := range fenced.FindAllStringSubmatch(string(text), -1) {
		r.blocks = append(r.blocks, m[1])
	}
	return r
}

// TestCIDocument does what docs/ci.md says, word by word, with empty caches: as long as it
// says, what is to fail fails as it shows, and what is to pass passes.
func TestCIDocument(t *testing.T) {
	if !victim.Full {
		t.Skip("with EPITAPH_MATRIX=full") // it compiles the core, and the standard library
	}
	r := newReader(t)
	began := time.Now()
	step := func(what string) { t.Logf("after %3.0f s: %s", time.Since(began).Seconds(), what) }

	r.works(r.next())
	r.dir = filepath.Join(r.dir, "dec")
	r.file("decode.c", r.next())
	r.file("dec.go", r.next())
	step("a module with a bug")

	r.file("dec_test.go", r.next())
	test := r.next()
	out := r.fails(test)
	r.shows(out, r.next())
	step("a failing test")

	_, pasted, _ := strings.Cut(out, "this one fits:")
	pasted, _, _ = strings.Cut(pasted, "`)")
	r.edit("dec_test.go", `Want("")`, strings.TrimSpace(pasted)+"`)")
	r.works(test)
	step("a passing test, with the pattern that was printed")
	written, err := os.ReadFile(filepath.Join(r.dir, "dec_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(string(written), "\tcrashtest.Run(")
	r.file("dec_test.go", head+r.next()+"}\n")
	r.works(test)
	step("one with a pattern that is looser")

	const bug = "\tunsigned char plane[16];\n"
	r.edit("decode.c", bug, bug+"\tif (!frame[0]) return -1;\n")
	r.shows(r.fails(test), r.next())
	r.edit("decode.c", "\tif (!frame[0]) return -1;\n", "")
	step("one that fails since the bug is mended")
	if took := time.Since(began); took > 10*time.Minute {
		t.Errorf("it took %v", took)
	}

	r.github(r.next())
	r.next() // GitLab's are the same commands
	step("what the CI service runs")
	r.fuzz(r.next(), r.next(), r.next())
	step("fuzzing")
	if len(r.blocks) != 0 {
		t.Errorf("the page has more: %q", r.blocks)
	}
}

// github runs what the workflow runs, with a test that fails.
func (r *reader) github(workflow string) {
	r.t.Helper()
	run := regexp.MustCompile(`(?m)^ *-? *run: (.*)$`).FindAllStringSubmatch(workflow, -1)
	flags := regexp.MustCompile(`(?m)^ *GOFLAGS: "(.*)"$`).FindStringSubmatch(workflow)
	if len(run) != 2 || flags == nil {
		r.t.Fatalf("the workflow has %d commands and the flags %q", len(run), flags)
	}
	before := r.env
	r.env = append(r.env[:len(r.env):len(r.env)], "GOFLAGS="+flags[1]+" -modcacherw")
	defer func() { r.env = before }()
	r.edit("dec_test.go", "SIGSEGV: write", "SIGSEGV: read")
	r.fails(run[0][1])
	out := r.works(run[1][1])
	r.edit("dec_test.go", "SIGSEGV: read", "SIGSEGV: write")
	if !strings.Contains(out, `"Key":"crash.signature","Value":"1:`) {
		r.t.Errorf("%s\n%s", run[1][1], out)
	}
	for _, name := range []string{"crash.txt", "crash.html"} {
		found := r.works("find _artifacts -name " + name)
		if strings.Count(found, "\n") != 1 {
			r.t.Errorf("%s was kept as %q", name, found)
		}
	}
	r.works("rm -r _artifacts test.json")
}

// fuzz finds the bug that is there, and has Corpus say so.
func (r *reader) fuzz(source, commands, shown string) {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, "dec_test.go"))
	if err != nil {
		r.t.Fatal(err)
	}
	r.file("dec_test.go", string(text)+"\n"+source)
	lines := strings.Split(strings.TrimSpace(commands), "\n")
	if len(lines) != 2 {
		r.t.Fatalf("commands %q", lines)
	}
	if out := r.fails(lines[0]); !strings.Contains(out, "Failing input written to testdata/fuzz/FuzzDecode/") {
		r.t.Fatalf("%s\n%s", lines[0], out)
	}
	// A second input of the same bug, for a group of several.
	r.file("testdata/fuzz/FuzzDecode/longer", "go test fuzz v1\n[]byte(\"\\x00\\x07and more of it, which does not matter\")\n")
	r.shows(r.fails(lines[1]), shown)
}
