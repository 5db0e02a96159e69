//go:build linux && amd64 && cgo

package hosts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// suites are modules whose own tests are run. Those of skip fail on their own, or not each time.
var suites = []struct {
	name, module, from, pkg string // from: the directory of the go.mod that names its version
	skip                    string
}{
	{name: "sqlite", module: "github.com/mattn/go-sqlite3", from: ".", pkg: "sqlite3"},
	{name: "duckdb", module: "github.com/marcboeker/go-duckdb", from: "duckdb", pkg: "duckdb"},
}

// withEpitaph is the file that a suite has more, which makes sure of what it is for.
const withEpitaph = `package %s

import (
	"github.com/epitaph-go/epitaph/handler"
	_ "github.com/epitaph-go/epitaph/handler/auto"
)

func init() {
	if !handler.Enabled() {
		panic("Epitaph is not enabled")
	}
}
`

// A host's own tests have the results that they have without Epitaph, which is linked into them and
// enabled. Its reports would be among their output.
func TestSuites(t *testing.T) {
	for _, s := range suites {
		for _, race := range []string{"", "-race"} {
			t.Run(s.name+race, func(t *testing.T) {
				if !victim.Full {
					t.Skip("only with EPITAPH_MATRIX=full")
				}
				dir := copied(t, s.from, s.module)
				flags := []string{"-skip=^(" + s.skip + ")$"}
				if race != "" {
					flags = append(flags, race)
				}
				want := results(t, dir, flags)
				if err := os.WriteFile(filepath.Join(dir, "with_epitaph_test.go"), fmt.Appendf(nil, withEpitaph, s.pkg), 0o644); err != nil {
					t.Fatal(err)
				}
				got := results(t, dir, flags)
				t.Logf("%d results", len(want))
				if !maps.Equal(got, want) {
					for _, name := range slices.Sorted(maps.Keys(want)) {
						if got[name] != want[name] {
							t.Errorf("%s: %q, without Epitaph %q", name, got[name], want[name])
						}
					}
					if len(got) != len(want) {
						t.Errorf("%d results, without Epitaph %d", len(got), len(want))
					}
				}
			})
		}
	}
}

// copied is the module in a directory of its own, where it can have one file more. Its workspace
// has Epitaph in it.
func copied(t *testing.T, from, module string) string {
	t.Helper()
	list := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module)
	list.Dir, list.Env = from, append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	out, err := list.Output()
	source := strings.TrimSpace(string(out))
	if err != nil || source == "" {
		t.Skipf("%s cannot be had: %v", module, err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "module"), os.DirFS(source)); err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	work := fmt.Sprintf("go 1.26.0\n\nuse (\n\t./module\n\t%s\n)\n", root)
	if err := os.WriteFile(filepath.Join(dir, "go.work"), []byte(work), 0o644); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "module")
}

// results are what the tests of the package in a directory end with, by their names.
func results(t *testing.T, dir string, flags []string) map[string]string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"test", "-json", "-count=1", "-timeout=20m"}, flags...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "EPITAPH=1", "GOWORK="+filepath.Join(filepath.Dir(dir), "go.work"))
	cmd.WaitDelay = time.Second
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if bytes.Contains(out, []byte("End of report (")) {
		t.Errorf("a report among its output:\n%s", out)
	}
	all := map[string]string{}
	for line := range bytes.Lines(out) {
		var event struct{ Action, Test string }
		if json.Unmarshal(line, &event) != nil {
			continue
		}
		switch event.Action {
		case "pass", "fail", "skip":
			all[event.Test] = event.Action
		}
	}
	if len(all) < 10 {
		t.Fatalf("%v: %v\n%s%s", cmd, err, out, stderr.Bytes())
	}
	return all
}
