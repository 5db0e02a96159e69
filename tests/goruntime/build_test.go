//go:build linux && amd64 && cgo

package goruntime

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// scratch is a directory that TestMain makes and removes.
var scratch string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "goruntime")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	scratch = dir
	return victim.Main(m)
}

// A program is one of the distribution's test programs, which is many: its argument
// says which of them runs.
type program struct {
	name          string
	without, with *victim.Program
}

var programs = []*program{{name: "testprog"}, {name: "testprogcgo"}}

func (p *program) source() string {
	return filepath.Join(goroot(), "src/runtime/testdata", p.name)
}

// goroot is the root of the go command that builds the programs.
var goroot = sync.OnceValue(func() string {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		panic(err)
	}
	return strings.TrimSpace(string(out))
})

// build makes both executables, each with one import more: handler/auto in the one, and
// in the other runtime/cgo, since a program with cgo lacks the detector of deadlocks.
//
// The programs import internal packages, so they have to lie in GOROOT, and no module
// there may require another one. In GOPATH mode packages of GOROOT import what lies in
// GOPATH, and an overlay adds the file without touching the distribution.
func (p *program) build(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(p.source()); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("this distribution of Go has no %s", p.source())
	}
	if p.with == nil {
		env := []string{"GO111MODULE=off", "GOPATH=" + gopath(t), "CGO_ENABLED=1"}
		compiler := []string{"go", "build", "-C", p.source()}
		p.without = &victim.Program{Name: p.name, Compiler: compiler, Build: p.importing(t, "runtime/cgo"), Env: env}
		p.with = &victim.Program{Name: p.name, Compiler: compiler, Build: p.importing(t, "github.com/epitaph-go/epitaph/handler/auto"), Env: env}
	}
	p.without.Path(t)
	p.with.Path(t)
}

// importing is what go build needs to build the program with one import more.
func (p *program) importing(t *testing.T, path string) []string {
	t.Helper()
	base := filepath.Join(scratch, p.name+"-"+filepath.Base(path))
	write(t, base+".go", []byte("package main\n\nimport _ \""+path+"\"\n"))
	overlay, err := json.Marshal(map[string]any{
		"Replace": map[string]string{filepath.Join(p.source(), "one_import_more.go"): base + ".go"},
	})
	if err != nil {
		t.Fatal(err)
	}
	write(t, base+".json", overlay)
	return []string{"-overlay", base + ".json", "."}
}

func write(t *testing.T, file string, data []byte) {
	t.Helper()
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// gopath is a GOPATH with this module and those that it requires. Where it lies is what the
// core's objects are cached under, so it is one place for all runs; with -trimpath it could
// be any, and the whole standard library would be built a second time.
func gopath(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../../build/goruntime")
	if err != nil {
		t.Fatal(err)
	}
	list := exec.Command("go", "list", "-m", "-f", "{{.Path}} {{.Dir}}",
		"github.com/epitaph-go/epitaph", "github.com/ianlancetaylor/demangle", "golang.org/x/sys")
	list.Env = append(list.Environ(), "GOWORK=off")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		path, dir, _ := strings.Cut(strings.TrimSpace(line), " ")
		link := filepath.Join(root, "src", path)
		if now, err := os.Readlink(link); err == nil && now == dir {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
			t.Fatal(err)
		}
		// In one step, for runs side by side.
		made := fmt.Sprintf("%s.%d", link, os.Getpid())
		if err := os.Symlink(dir, made); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(made, link); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

var registration = regexp.MustCompile(`\bregister\("(\w+)"`)

// list is the names of all that the program can do on this system, as its source
// registers them.
func (p *program) list(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", `{{join .GoFiles "\n"}}`+"\n"+`{{join .CgoFiles "\n"}}`, p.source()).Output()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for file := range bytes.FieldsSeq(out) {
		source, err := os.ReadFile(filepath.Join(p.source(), string(file)))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range registration.FindAllSubmatch(source, -1) {
			names = append(names, string(m[1]))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
