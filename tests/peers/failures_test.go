package peers_test

import (
	"bytes"
	"context"
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/epitaph-go/epitaph/stackfmt"
)

var update = flag.Bool("update", false, "write the golden files")

// modes are the ways in which the failing program is built, and the failures
// that are run that way; nil is all.
var modes = []struct {
	name  string
	args  []string
	cases []string
}{
	{"plain", nil, nil},
	{"trimpath", []string{"-trimpath"}, []string{"wrapped", "lib-pkg-errors", "panic-index", "crash-goroutine"}},
	{"stripped", []string{"-trimpath", "-ldflags=-s -w"}, []string{"joined-nested", "lib-tozd", "panic-while-handling", "crash-chain"}},
}

// TestFailures runs each failure of the command failures and compares what is
// printed with its golden file: a handled one as the command prints it, a crash
// as stackfmt reads it out of the runtime's output.
func TestFailures(t *testing.T) {
	golden := 0
	for _, m := range modes {
		t.Run(m.name, func(t *testing.T) { golden += runAll(t, "./failures", m.name, m.args, m.cases) })
	}
	if golden < 30 {
		t.Errorf("only %d failures", golden)
	}
}

// TestCgoFailures is TestFailures for Go functions that C calls.
func TestCgoFailures(t *testing.T) {
	if out, err := exec.Command("go", "env", "CGO_ENABLED").Output(); err != nil || strings.TrimSpace(string(out)) != "1" {
		t.Skip("no cgo")
	}
	runAll(t, "./cgofailures", "cgo", nil, nil)
}

// runAll builds a failing program and runs those of its failures that are named,
// or all. It returns how many they were.
func runAll(t *testing.T, program, mode string, buildArgs, cases []string) int {
	exe := filepath.Join(t.TempDir(), "failures")
	args := append(append([]string{"build", "-o", exe}, buildArgs...), program)
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	list, err := exec.Command(exe).Output()
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]string{}
	for line := range strings.Lines(string(list)) {
		kind, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		kinds[name] = kind
	}
	if cases == nil {
		cases = slices.Sorted(maps.Keys(kinds))
	}
	for _, name := range cases {
		t.Run(name, func(t *testing.T) {
			compare(t, filepath.Join("testdata", "golden", mode+"-"+name+".txt"), runFailure(t, exe, kinds[name], name))
		})
	}
	return len(cases)
}

func runFailure(t *testing.T, exe, kind, name string) string {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, exe, name)
	// FORCE_COLOR and the like of who runs the test must not matter.
	cmd.Env = append(os.Environ(), "NO_COLOR=1", "GOTRACEBACK=single")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	switch kind {
	case "handled":
		if err != nil || stderr.Len() > 0 {
			t.Fatalf("%v\n%s", err, stderr.Bytes())
		}
		return stdout.String()
	case "crash":
		if err == nil {
			t.Fatal("the program did not crash")
		}
		d := stackfmt.ParseGoroutines(stderr.Bytes())
		for _, u := range d.Unknown {
			t.Errorf("unknown line %d: %q", u.Number, u.Text)
		}
		return d.Traceback().String()
	}
	t.Fatalf("no failure %q", name)
	return ""
}

func compare(t *testing.T, file, got string) {
	t.Helper()
	got = normalise(t, got)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got):\n%s", file, d)
	}
}

var (
	goroot   = regexp.MustCompile(`File "(?:[^"]*/(?:go[^/"]*|toolchain@[^/"]*)/src/|)((?:runtime|testing|os|io|internal|slices|sort|sync|strconv|fmt|errors|reflect)/[^"]*)", line \d+`)
	modcache = regexp.MustCompile(`File "(?:[^"]*/pkg/mod/|)([^"@]+)@[^/"]+/([^"]*)", line \d+`)
	elided   = regexp.MustCompile(`\.\.\.<\d{4,} frames>`)
	cgo      = regexp.MustCompile(`_cgoexp_[0-9a-f]+|File "_cgo_gotypes.go", line \d+`)
	hex      = regexp.MustCompile(`0x[0-9a-f]{4,}`)
)

// normalise takes out what differs between machines and versions of Go and of
// the libraries: directories, addresses, and the lines of others' files.
func normalise(t *testing.T, text string) string {
	t.Helper()
	dir, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	foreign := false
	for line := range strings.Lines(text) {
		line = strings.ReplaceAll(line, dir+"/", "$PEERS/")
		line = cgo.ReplaceAllStringFunc(line, func(s string) string {
			if strings.HasPrefix(s, "File") {
				return `File "_cgo_gotypes.go", line N`
			}
			return "_cgoexp_HASH"
		})
		line = hex.ReplaceAllString(line, "0xADDR")
		line = elided.ReplaceAllString(line, "...<N frames>")
		position := strings.Contains(line, `File "`)
		if position {
			foreign = false
			for _, r := range []struct {
				re *regexp.Regexp
				to string
			}{{goroot, `File "$$GOROOT/$1", line N`}, {modcache, `File "$$MODCACHE/$1/$2", line N`}} {
				if l := r.re.ReplaceAllString(line, r.to); l != line {
					line, foreign = l, true
					break
				}
			}
		} else if foreign && isSource(line) {
			continue
		}
		out = append(out, line)
	}
	return strings.Join(out, "")
}

// isSource reports whether the line is source text or carets: those are indented
// by four blanks, in a group behind its margin.
func isSource(line string) bool {
	if i := strings.LastIndex(line, "| "); i >= 0 && strings.Trim(line[:i], " |") == "" {
		line = line[i+2:]
	}
	return strings.HasPrefix(line, "    ")
}

func TestMain(m *testing.M) {
	flag.Parse()
	if runtime.GOOS == "windows" {
		// Paths in the golden files are those of Unix.
		os.Exit(0)
	}
	os.Exit(m.Run())
}
