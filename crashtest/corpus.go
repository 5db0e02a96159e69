package crashtest

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Corpus runs f for each file that matches glob, in a subtest and a process of its own, and
// fails the test for those that crash, hang or exit with an error: once for each signature,
// with the smallest input of it. A file in the format of Go's fuzzer holds one []byte or
// string; any other file is the input itself, as other fuzzers keep it.
//
// [WithKnown] names a file of signatures that are accepted.
func Corpus(t *testing.T, glob string, f func([]byte), opts ...Option) {
	t.Helper()
	files, err := filepath.Glob(glob)
	if err != nil {
		t.Fatalf("crashtest: %v", err)
	}
	if len(files) == 0 {
		t.Fatalf("crashtest: no file matches %s", glob)
	}
	known, err := readKnown(newConfig(opts).known)
	if err != nil {
		t.Fatalf("crashtest: %v", err)
	}
	groups := make(map[string]*group)
	for _, file := range files {
		if info, err := os.Stat(file); err == nil && info.IsDir() {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("crashtest: %v", err)
			}
			input, err := corpusInput(text)
			if err != nil {
				t.Fatalf("crashtest: %s: %v", file, err)
			}
			r := Run(t, func() { f(input) }, opts...)
			if what, _ := r.end(); what != "ok" {
				name := r.groupName()
				t.Logf("%s: %s", name, r.title())
				if groups[name] == nil {
					groups[name] = &group{name: name}
				}
				groups[name].add(file, len(input), r)
			}
		})
	}
	judge(t, groups, known)
}

// A group is the inputs that crash in one way.
type group struct {
	name, file  string
	size, count int
	title       string
	stack       string
}

// add keeps the smallest input.
func (g *group) add(file string, size int, r *Result) {
	g.count++
	if g.count == 1 || size < g.size {
		g.file, g.size, g.title, g.stack = file, size, r.title(), r.shownStack()
	}
}

// groupName is the signature or, without a report, the end.
func (r *Result) groupName() string {
	if r.hasReport() {
		return r.Report.Signature()
	}
	what, _ := r.end()
	return what
}

func (r *Result) title() string {
	if r.hasReport() {
		return r.Report.Summary()
	}
	what, why := r.end()
	return strings.TrimSuffix(what+": "+firstLine(why), ": ")
}

// judge fails the test for the groups that are not known.
func judge(t *testing.T, groups map[string]*group, known map[string]bool) {
	t.Helper()
	list := slices.SortedFunc(maps.Values(groups), func(a, b *group) int {
		return cmp.Or(cmp.Compare(a.size, b.size), strings.Compare(a.name, b.name))
	})
	for _, g := range list {
		if known[g.name] {
			known[g.name] = false
			continue
		}
		inputs := "1 input"
		if g.count > 1 {
			inputs = fmt.Sprintf("smallest of %d inputs", g.count)
		}
		t.Errorf("%s\n    input: %s (%d bytes, %s)\n    signature %s\n%s", g.title, g.file, g.size, inputs, g.name, g.stack)
	}
	for name, unseen := range known {
		if unseen {
			t.Logf("signature %s is known, but no input has it any more", name)
		}
	}
}

func readKnown(file string) (map[string]bool, error) {
	known := make(map[string]bool)
	if file == "" {
		return known, nil
	}
	// Who has accepted no signature yet has no such file.
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) > 0 && !strings.HasPrefix(words[0], "#") {
			known[words[0]] = true
		}
	}
	return known, nil
}

// corpusInput is the input in a file of a corpus.
func corpusInput(text []byte) ([]byte, error) {
	first, rest, _ := strings.Cut(string(text), "\n")
	if strings.TrimSpace(first) != "go test fuzz v1" {
		return text, nil
	}
	rest = strings.TrimSpace(rest)
	quoted, ok := strings.CutPrefix(rest, "[]byte(")
	if !ok {
		quoted, ok = strings.CutPrefix(rest, "string(")
	}
	quoted, closed := strings.CutSuffix(quoted, ")")
	if !ok || !closed || strings.Contains(rest, "\n") {
		return nil, errors.New("want one []byte or string")
	}
	input, err := strconv.Unquote(quoted)
	return []byte(input), err
}
