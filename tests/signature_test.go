//go:build linux && (amd64 || arm64) && cgo

package tests

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// signatures are those of the cases as the program is built and run by default.
var signatures = struct {
	sync.Mutex
	of map[string]string // kind/place
}{of: map[string]string{}}

// placeless kinds have one signature in several places: the first three crash on a thread
// of their own, whoever started it; the others have five frames of their own above the place,
// as many as a signature takes.
var placeless = []string{"eight-threads", "cxx-thread-throw", "callback-thread", "recursion2", "go-c-go-c"}

// apart says why a kind has another signature in a build.
var apart = map[string]string{
	"musl double-free":     "musl ends the program by hlt, so the signal is another one",
	"musl heap-corruption": "the same",
}

// checkSignature compares the signature of a case with that of the default build. Without
// symbols it is marked as one of that build alone.
func (v *variant) checkSignature(t *testing.T, k kind, p place, r *report.Report) {
	t.Helper()
	got, name := r.Signature(), k.Name+"/"+p.Name
	if v.stripped() {
		if !strings.HasPrefix(got, "~") {
			t.Errorf("signature %s, without symbols: %q", got, r.SignatureParts())
		}
		return
	}
	signatures.Lock()
	defer signatures.Unlock()
	if v.name == "plain" {
		signatures.of[name] = got
		return
	}
	want, known := signatures.of[name]
	if why := apart[v.name+" "+k.Name]; known && (got == want) != (why == "") {
		t.Errorf("signature %s, by default it is %s: %q (%s)", got, want, r.SignatureParts(), why)
	}
}

// checkSignaturesDiffer: of all that TestMatrix has seen, no two cases have one signature.
func checkSignaturesDiffer(t *testing.T) {
	signatures.Lock()
	defer signatures.Unlock()
	cases := map[string]string{}
	for name, signature := range signatures.of {
		kind, _, _ := strings.Cut(name, "/")
		if slices.Contains(placeless, kind) {
			name = kind
		}
		if other, again := cases[signature]; again && other != name {
			t.Errorf("%s and %s have one signature, %s", name, other, signature)
		}
		cases[signature] = name
	}
	t.Logf("%d cases, %d signatures", len(signatures.of), len(cases))
}

// elsewhere are what else may differ between the machines of a fleet.
var elsewhere = []struct {
	name string
	run  func(t *testing.T, run string) *report.Report
}{
	{"another variant of libc's functions", func(t *testing.T, run string) *report.Report {
		return crashOf(t, plainBuild.Start(t, run, usual, victim.Env("GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-EVEX,-AVX512F,-AVX512VL,-AVX512BW,-SSE4_2")))
	}},
	{"renamed", func(t *testing.T, run string) *report.Report {
		return crashOf(t, victim.Start(t, copyOf(t, plainBuild, "another name"), strings.Fields(run), usual))
	}},
	{"stripped and resolved", func(t *testing.T, run string) *report.Report {
		path := copyOf(t, plainBuild, "crashdemo")
		debug := t.TempDir()
		inDir(t, path, "objcopy", "--only-keep-debug", path, filepath.Join(debug, "crashdemo"))
		inDir(t, path, "strip", path)
		r := crashOf(t, victim.Start(t, path, strings.Fields(run), usual))
		if got := r.Signature(); !strings.HasPrefix(got, "~") {
			t.Errorf("stripped it has the signature %s", got)
		}
		if err := report.Resolve(r, debug); err != nil {
			t.Error(err)
		}
		return r
	}},
	{"other lines, without optimisation", func(t *testing.T, run string) *report.Report {
		r := crashOf(t, changedBuild(t).Start(t, run, usual))
		at := slices.IndexFunc(r.Current().Frames, func(f report.Frame) bool { return f.Func == "demo_caller" || f.Func == "demo_thread_main" })
		if at < 0 || r.Current().Frames[at].Line <= linesMore {
			t.Errorf("the lines are the same:\n%s", r)
		}
		return r
	}},
}

// linesMore is how many lines stand before the first of each of crashdemo's C files in the
// program that was changed.
const linesMore = 1000

var changed = struct {
	sync.Once
	*build
}{}

// changedBuild is crashdemo with other lines in its C code, which is not optimised. The
// files are replaced for the build alone (-overlay).
func changedBuild(t *testing.T) *build {
	t.Helper()
	changed.Do(func() {
		overlay := struct{ Replace map[string]string }{map[string]string{}}
		dir := t.TempDir()
		replace := func(path, text string) {
			abs, err := filepath.Abs(path)
			to := filepath.Join(dir, strings.ReplaceAll(path, "/", "_"))
			if err = errors.Join(err, os.WriteFile(to, []byte(text), 0o600)); err != nil {
				t.Fatal(err)
			}
			overlay.Replace[abs] = to
		}
		for _, path := range sourcesOf(t, "../cmd/crashdemo", "../cmd/crashdemo/crashes") {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if filepath.Ext(path) != ".go" {
				replace(path, strings.Repeat("\n", linesMore)+string(text))
			} else if s := strings.ReplaceAll(string(text), "CFLAGS: -std=c11", "CFLAGS: -O0 -std=c11"); s != string(text) {
				replace(path, s)
			}
		}
		list, err := json.Marshal(overlay)
		file := filepath.Join(dir, "overlay.json")
		if err = errors.Join(err, os.WriteFile(file, list, 0o600)); err != nil {
			t.Fatal(err)
		}
		changed.build = crashdemo("changed", "-overlay="+file)
		changed.program(t) // while the files are there
	})
	if changed.build == nil {
		t.Fatal("there is no such build")
	}
	return changed.build
}

// sourcesOf are the C and Go files of some directories.
func sourcesOf(t *testing.T, dirs ...string) (paths []string) {
	t.Helper()
	for _, dir := range dirs {
		for _, kind := range []string{"*.c", "*.go"} {
			found, err := filepath.Glob(filepath.Join(dir, kind))
			if err != nil || len(found) == 0 {
				t.Fatalf("%s in %s: %v, %v", kind, dir, found, err)
			}
			paths = append(paths, found...)
		}
	}
	return paths
}

func crashOf(t *testing.T, c *victim.Child) *report.Report {
	t.Helper()
	r, _ := theReport(t, outcome(t, c).Stderr)
	return r
}

// copyOf is the program under another name.
func copyOf(t *testing.T, b *build, name string) string {
	t.Helper()
	content, err := os.ReadFile(b.program(t))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSignatureElsewhere: one crash has one signature on all machines.
func TestSignatureElsewhere(t *testing.T) {
	plainBuild.program(t)
	for _, run := range []string{"run strlen-null -place cgo", "run null-write -place callback", "run double-free -place thread"} {
		want := crashOf(t, plainBuild.Start(t, run, usual)).Signature()
		for _, other := range elsewhere {
			t.Run(run+"/"+other.name, func(t *testing.T) {
				t.Parallel()
				r := other.run(t, run)
				if got := r.Signature(); got != want {
					t.Errorf("%s, want %s: %q", got, want, r.SignatureParts())
				}
			})
		}
	}
}
