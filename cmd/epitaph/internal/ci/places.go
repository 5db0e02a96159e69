package ci

import (
	"bufio"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/epitaph-go/epitaph/report"
)

// Places says where files are in a checkout: services show the lines of a change only by
// paths that are relative to it.
type Places struct {
	root   string // absolute, with slashes
	module string // the path of the module there, "" if there is none
}

// NewPlaces is for a checkout at root.
func NewPlaces(root string) *Places {
	if abs, err := filepath.Abs(root); err == nil {
		root = abs
	}
	p := &Places{root: filepath.ToSlash(root)}
	f, err := os.Open(filepath.Join(root, "go.mod"))
	if err != nil {
		return p
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(s.Text()), "module "); ok {
			p.module = strings.Trim(strings.TrimSpace(rest), `"`)
			break
		}
	}
	return p
}

// Relative returns a file's path below the root; ok is false if it is not there. A
// program that was built with -trimpath has the path of the module for that of the root.
func (p *Places) Relative(file string) (rel string, ok bool) {
	file = path.Clean(filepath.ToSlash(file))
	for _, prefix := range []string{p.root, p.module} {
		if rest, has := strings.CutPrefix(file, prefix+"/"); has && prefix != "" {
			return rest, true
		}
	}
	return "", false
}

// directory returns where below the root a package is.
func (p *Places) directory(pkg string) (dir string, ok bool) {
	if pkg == p.module {
		return "", p.module != ""
	}
	rest, ok := strings.CutPrefix(pkg, p.module+"/")
	return rest + "/", ok && p.module != ""
}

// of returns the frame that a crash is shown at: the innermost one of the program that is
// in the checkout.
func (p *Places) of(r *report.Report) (file string, line int, ok bool) {
	for _, f := range r.Program() {
		if rel, ok := p.Relative(f.File); ok && f.Line > 0 {
			return rel, f.Line, true
		}
	}
	return "", 0, false
}

// logged is the place that t.Error puts before its text.
var logged = regexp.MustCompile(`(?m)^ +([\w.-]+_test\.go):(\d+): (.*)$`)

// ofTest returns the place and the text of the first message of a test.
func (p *Places) ofTest(pkg *Package, t *Test) (file string, line int, text string) {
	m := logged.FindSubmatch(t.output.Bytes())
	if m == nil {
		return "", 0, ""
	}
	line, _ = strconv.Atoi(string(m[2]))
	if dir, ok := p.directory(pkg.Path); ok {
		file = dir + string(m[1])
	}
	return file, line, string(m[3])
}
