//go:build linux && amd64

package arm64

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/tests/arm64/job"
	"github.com/epitaph-go/epitaph/tests/arm64/vm"
)

// Where things are in the machine.
const (
	sources = "/src"   // the directories of the tests, with their testdata
	tests   = "/tests" // the test binaries
	built   = "/built" // the programs that they make crash
)

// A root is the machine's file system, as a directory, and what runs in it.
type root struct {
	dir  string
	env  []string // of what is built for it
	jobs []job.Job
}

// newRoot makes one with the first process in it.
func newRoot(t *testing.T) *root {
	t.Helper()
	r := &root{dir: t.TempDir(), env: vm.Env()}
	if asked == "" {
		// All with the troubles of the victims, or the core would be compiled once more without.
		r.env = append(r.env, "GOFLAGS="+os.Getenv("GOFLAGS")+" -tags=epitaph_test")
	}
	r.build(t, "guest", "init", []string{"CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64"}, "build")
	return r
}

// path is where a file of the machine's is here.
func (r *root) path(inside string) string { return filepath.Join(r.dir, inside) }

// build runs go build or the like in a package's directory.
func (r *root) build(t *testing.T, dir, into string, env []string, args ...string) {
	t.Helper()
	cmd := exec.Command("go", append(args, "-o", r.path(into), ".")...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v in %s: %v\n%s", cmd, dir, err, out)
	}
}

// A suite is the tests of a package, run in the machine.
type suite struct {
	dir      string            // of the package, from the root of the module
	programs []*victim.Program // what it makes crash
	run      string            // which tests; "" is all
	skip     string            // which not, and the reason is beside it
	warm     string            // which run once before, so that the emulated processor has translated the code
	env      []string          // of its build
	limit    time.Duration
}

// add builds a suite and adds the job that runs it.
func (r *root) add(t *testing.T, s suite) {
	t.Helper()
	dir := filepath.Join("..", "..", s.dir)
	name := strings.Join(append([]string{s.dir}, s.env...), " ")
	binary := filepath.Join(tests, strings.ReplaceAll(name, "/", "_")+".test")
	r.build(t, dir, binary, slices.Concat(r.env, s.env), "test", "-c")
	for _, p := range s.programs {
		env := slices.Clone(r.env)
		if slices.Contains(p.Env, "CC=musl-gcc") {
			musl, err := vm.Musl()
			if err != nil {
				t.Fatal(err)
			}
			env = append(env, "PATH="+musl+":"+os.Getenv("PATH"))
		}
		if err := p.BuildElsewhere(dir, r.path(built), env...); err != nil {
			t.Fatal(err)
		}
	}
	inside := filepath.Join(sources, s.dir)
	if err := r.copyData(dir, inside); err != nil {
		t.Fatal(err)
	}
	limit := s.limit
	if limit == 0 {
		limit = 3 * time.Minute
	}
	var warm []string
	if s.warm != "" {
		warm = []string{binary, "-test.run=" + s.warm}
	}
	r.jobs = append(r.jobs, job.Job{
		Name: name, Dir: inside, Limit: limit + time.Minute, Warm: warm,
		Args: []string{binary, "-test.v", "-test.run=" + s.run, "-test.skip=" + s.skip, "-test.parallel=3", fmt.Sprintf("-test.timeout=%v", limit)},
		Env: []string{"PATH=/bin", "HOME=/tmp", "GOTRACEBACK=", victim.Elsewhere + "=" + built, victim.Slower + "=6",
			"EPITAPH_MATRIX=" + os.Getenv("EPITAPH_MATRIX"), "GORT_TEST_WITH_SYMBOLS=1"},
	})
}

// copyData copies what tests read: testdata.
func (r *root) copyData(dir, inside string) error {
	if err := os.MkdirAll(r.path(inside), 0o755); err != nil {
		return err
	}
	data := filepath.Join(dir, "testdata")
	if _, err := os.Stat(data); err != nil {
		return nil
	}
	return os.CopyFS(r.path(filepath.Join(inside, "testdata")), os.DirFS(data))
}
