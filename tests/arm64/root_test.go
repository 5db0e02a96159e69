//go:build linux && amd64

package arm64

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
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
	dir    string
	env    []string // of what is built for it
	jobs   []job.Job
	builds map[string]func() error // by the file that each makes
	common map[string]func() error // what many of them have in common, by environment
}

// newRoot makes one with the first process in it.
func newRoot(t *testing.T) *root {
	t.Helper()
	r := &root{dir: t.TempDir(), env: vm.Env(), builds: map[string]func() error{}, common: map[string]func() error{}}
	if asked == "" {
		// All with the troubles of the victims, or the core would be compiled once more without.
		r.env = append(r.env, "GOFLAGS="+os.Getenv("GOFLAGS")+" -tags=epitaph_test")
	}
	r.build("guest", "init", []string{"CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64"}, "build")
	return r
}

// path is where a file of the machine's is here.
func (r *root) path(inside string) string { return filepath.Join(r.dir, inside) }

// build has go build or the like run in a package's directory.
func (r *root) build(dir, into string, env []string, args ...string) {
	path := r.path(into)
	r.builds[path] = func() error { return runGo(dir, env, append(args, "-o", path, ".")...) }
}

// program has a victim built, as the tests in a directory would.
func (r *root) program(dir string, p *victim.Program, env ...string) {
	r.builds[r.path(filepath.Join(built, p.Inside(dir)))] = func() error {
		return p.BuildElsewhere(dir, r.path(built), env...)
	}
}

func runGo(dir string, env []string, args ...string) error {
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%v in %s: %w\n%s", cmd, dir, err, out)
	}
	return nil
}

// buildAll builds what was asked for. Most of the time is the linkers', of which each keeps one
// processor busy; but what goes into all of them is compiled before, or each would compile it.
func (r *root) buildAll(t *testing.T) {
	t.Helper()
	began := time.Now()
	for _, build := range r.common {
		if err := build(); err != nil {
			t.Fatal(err)
		}
	}
	builds := make(chan func() error, len(r.builds))
	for _, build := range r.builds {
		builds <- build
	}
	close(builds)
	var all sync.WaitGroup
	for range runtime.NumCPU() {
		all.Go(func() {
			for build := range builds {
				if err := build(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
	t.Logf("%d builds took %v", len(r.builds), time.Since(began).Round(time.Second))
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

// add has a suite built and adds the job that runs it.
func (r *root) add(t *testing.T, s suite) {
	t.Helper()
	dir := filepath.Join("..", "..", s.dir)
	name := strings.Join(append([]string{s.dir}, s.env...), " ")
	binary := filepath.Join(tests, strings.ReplaceAll(name, "/", "_")+".test")
	env := slices.Concat(r.env, s.env)
	r.common[strings.Join(s.env, " ")] = func() error { return runGo("../../handler", env, "build", ".") }
	r.build(dir, binary, env, "test", "-c")
	for _, p := range s.programs {
		env := slices.Clone(r.env)
		if slices.Contains(p.Env, "CC=musl-gcc") {
			musl, err := vm.Musl()
			if err != nil {
				t.Fatal(err)
			}
			env = append(env, "PATH="+musl+":"+os.Getenv("PATH"))
		}
		r.program(dir, p, env...)
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
	to := r.path(filepath.Join(inside, "testdata"))
	if _, err := os.Stat(to); err == nil {
		return nil // for another suite of the package
	}
	return os.CopyFS(to, os.DirFS(data))
}
