//go:build linux && amd64

package arm64

import (
	"cmp"
	"context"
	"errors"
	"os"
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

// asked is what was asked for: "full" is everything, "builds" the crashes of programs that are built
// otherwise. In a list that is separated by commas, DIRECTORY is
// the suites of everything and byName that have this directory, and DIRECTORY:PATTERN those of their tests that
// -run=PATTERN names.
var asked = os.Getenv("EPITAPH_ARM64")

// chosen are the suites that were asked for, and how long the machine may take.
func chosen(t *testing.T) ([]suite, time.Duration) {
	switch asked {
	case "":
		return telling, 5 * time.Minute
	case "full":
		return everything, 30 * time.Minute
	case "builds":
		return builds, 30 * time.Minute
	case "cores":
		return nil, 10 * time.Minute
	}
	var suites []suite
	for part := range strings.SplitSeq(asked, ",") {
		dir, pattern, found := strings.Cut(part, ":")
		before := len(suites)
		for _, s := range slices.Concat(everything, byName) {
			if found {
				s.run, s.skip = pattern, ""
			}
			if s.dir == dir {
				suites = append(suites, s)
			}
		}
		if len(suites) == before {
			t.Fatalf("EPITAPH_ARM64: no suite has the directory %q", dir)
		}
	}
	return suites, 30 * time.Minute
}

// crashdemo is the program of the matrix, as ../build_test.go builds it.
func crashdemo(name string, flags ...string) *victim.Program {
	return &victim.Program{Name: name, Build: append(flags, "github.com/epitaph-go/epitaph/cmd/crashdemo")}
}

// telling is what runs each time: twenty cases, of which each is the first to show that
// something is wrong with a part of the core on this machine.
var telling = []suite{
	{dir: "tests", programs: []*victim.Program{crashdemo("plain")}, run: "^TestMatrix$/^(null-write|call-null|stack-overflow|ud2|abort)$/^(main|callback|thread)$"},
	{dir: "internal/gort/exits"}, {dir: "internal/gort/revive"}, {dir: "internal/gort/vars"},
	{dir: "tests/godeath", programs: withTrouble, run: "^TestDeaths$/^(panic|nil|map|stack)$"},
}

// everything is what runs when all is asked for.
var everything = []suite{
	{dir: "tests", programs: []*victim.Program{crashdemo("plain")}, run: "^TestMatrix$", limit: 10 * time.Minute},
	{dir: "internal/gort", run: loading}, {dir: "internal/gort/exits"}, {dir: "internal/gort/labels"}, {dir: "internal/gort/panics"},
	{dir: "internal/gort/revive"}, {dir: "internal/gort/scan"}, {dir: "internal/gort/threads"}, {dir: "internal/gort/vars"},
	{dir: "internal/gort", run: loading, env: go127}, {dir: "internal/gort/exits", env: go127}, {dir: "internal/gort/labels", env: go127},
	{dir: "internal/gort/panics", env: go127}, {dir: "internal/gort/revive", env: go127}, {dir: "internal/gort/threads", env: go127},
	{dir: "internal/gort/vars", env: go127},
	// Code takes ten times as long when it runs first, and a copy of the process has 3 s for all of Go's formatting.
	{dir: "tests/godeath", programs: dying, limit: 5 * time.Minute, warm: "^TestErrorChain$/^(panic|chain|unwrap-panics)$",
		run: "^(TestDeaths|TestVariants|TestErrorChain.*|TestNote.*|TestOnCrash|TestOnCrashOfGo|TestOnCrashOfGoVariants|TestOnCrashInCopy)$"},
	// 300 ms are not enough for two snapshots on a machine that is this slow.
	{dir: "tests/blackbox", programs: plain, skip: "^TestDiskIsFilledLater$"},
	{dir: "tests/faulthandler", programs: plain, run: casesOfPython},
	{dir: "tests/ondemand", programs: plain},
	{dir: "tests/live", programs: withTrouble},
	{dir: "tests/nocfi", programs: plain},
	{dir: "tests/edges", programs: withTrouble, run: "^TestCause$"},
	{dir: "tests/exits", programs: plain},
	{dir: "tests/hangs", programs: plain},
	{dir: "tests/fields", programs: plain},
	{dir: "tests/lastwords", programs: lastWords},
	{dir: "tests/regress", programs: plain, run: "^(TestNotifyAgain|TestHandlersInACircle|TestStopAfterUnregister)$"},
	// These two are long; the first runs under qemu-user as well (tests/README.md).
	{dir: "tests/gostack", limit: 2 * time.Minute, skip: "^(TestNamesOfAllText|TestRandomRegisters)$"},
}

// builds are crashdemo's, built otherwise, each with a crash of every kind of stack.
var builds = []suite{{dir: "tests", limit: 10 * time.Minute,
	programs: []*victim.Program{
		crashdemo("pie", "-buildmode=pie"), crashdemo("static", "-ldflags=-linkmode external -extldflags -static"),
		crashdemo("race", "-race"), crashdemo("nowrap", "-tags=epitaph_nowrap"), protected, musl, crashdemo127,
	},
	run: "^TestVariants$/^(pie|static|race|nowrap|protected|musl|go1.27)$/" +
		"^(null-write|call-null|call-noexec|stack-overflow|abort|int3|raise|in-malloc|go-c-go-c|callback-thread|cxx-throw)$",
}}

// protected has signed return addresses and landing pads (PAC, BTI) in its C code.
var protected = &victim.Program{Name: "protected", Build: []string{"github.com/epitaph-go/epitaph/cmd/crashdemo"},
	Env: []string{"CGO_CFLAGS=-O2 -g -mbranch-protection=standard"}}

// musl has musl in place of glibc.
var musl = &victim.Program{Name: "musl", Env: []string{"CC=musl-gcc"},
	Build: []string{"-tags=nocxx", "-ldflags=-linkmode external -extldflags -static", "github.com/epitaph-go/epitaph/cmd/crashdemo"}}

// crashdemo127 is built by the newest Go.
var crashdemo127 = &victim.Program{Name: "go1.27", Env: go127, Build: []string{"github.com/epitaph-go/epitaph/cmd/crashdemo"}}

// casesOfPython are those of faulthandler's tests that have the names of Python's. The others were not seen to end.
const casesOfPython = "^TestFaulthandler_"

// byName are the suites that run when they are asked for by their directories. Each test of taken and threads was seen
// to pass, but not in one run; of the others as much is not known.
var byName = []suite{
	{dir: "tests/faulthandler", programs: plain, limit: 5 * time.Minute, skip: casesOfPython},
	// What is skipped compiles the core's sources.
	{dir: "tests/threads", skip: "^TestNamesComeBeforeASanitizers$", programs: []*victim.Program{withTrouble[0], shared("c11.so", "testdata/c11.c"),
		shared("constructor.so", "testdata/constructor.c", "-lpthread"),
		{Name: "static", Build: []string{"-tags", "epitaph_test", "-ldflags=-linkmode external -extldflags -static", "./victim"}}}},
	{dir: "tests/host", programs: []*victim.Program{plain[0], {Name: "healthy", Build: []string{"./healthy"}},
		{Name: "unseen", Build: []string{"-tags", "epitaph_nowrap", "./victim"}}}},
	{dir: "tests/taken", programs: []*victim.Program{plain[0], takenLibrary,
		{Build: []string{"-buildmode=pie", "./victim"}}, {Build: []string{"-tags=epitaph_nowrap", "./victim"}},
		{Build: []string{"-ldflags=-extldflags '-static -Wl,--no-warnings'", "./victim"}}}},
	{dir: "tests/edges", programs: []*victim.Program{withTrouble[0], tripwire}},
	{dir: "tests/regress", programs: []*victim.Program{plain[0], shared("plugin.so", "plugin/plugin.c"),
		shared("other.so", "plugin/other.c"), shared("many.so", "many/many.c"),
		{Name: "library.so", Build: []string{"-buildmode=c-shared", "./library"}},
		{Name: "host", Compiler: []string{"cc"}, Build: []string{"library/host/host.c", "-ldl"}},
		{Name: "gohost", Build: []string{"./goplugin/host"}}, {Name: "goplugin.so", Build: []string{"-buildmode=plugin", "./goplugin/plug"}}}},
	{dir: "tests/cgotraceback", programs: []*victim.Program{plain[0], {Name: "inits", Build: []string{"./inits"}}}},
	{dir: "cgo"}, {dir: "internal/engine"}, {dir: "handler"},
}

// plain is the victim of most suites, withTrouble of those that make trouble in the core.
var (
	plain       = []*victim.Program{{Build: []string{"./victim"}}}
	withTrouble = []*victim.Program{{Build: []string{"-tags", "epitaph_test", "./victim"}}}
)

// What the suites load besides, as they build it.
var (
	takenLibrary = &victim.Program{Name: "library.so", Compiler: []string{"cc", "-shared", "-fPIC", "-I../../internal/victim/machine"},
		Build: []string{"victim/library.c", "-ldl"}}
	tripwire = &victim.Program{Name: "tripwire.so",
		Compiler: []string{"cc", "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-fno-builtin", "-fno-tree-loop-distribute-patterns", "-Wall",
			"-shared", "-fPIC"},
		Build: []string{"-I../../internal/victim/machine", "tripwire/tripwire.c", "-ldl"}}
)

// lastWords are the programs of tests/lastwords, but for those with Rust.
var lastWords = []*victim.Program{
	plain[0],
	{Name: "static", Build: []string{"-ldflags=-linkmode external -extldflags -static", "./victim"}},
	{Name: "loader", Build: []string{"./loader"}},
	{Name: "plugin.so", Compiler: []string{"c++", "-shared", "-fPIC"}, Build: []string{"plugin/plugin.cc"}},
	{Name: "words", Build: []string{"./words"}},
	{Name: "plain", Build: []string{"-tags=epitaph_nowrap", "./words"}},
	{Name: "words", Build: []string{"-ldflags=-linkmode external -extldflags -static", "./words"}},
}

// shared is a shared library.
func shared(name string, build ...string) *victim.Program {
	return &victim.Program{Name: name, Compiler: []string{"cc", "-shared", "-fPIC"}, Build: build}
}

// loading are those tests of gort that read neither sources nor build.
const loading = "^(TestLoadAgreesWithSymbolTable|TestFindGoFuncNamesWhatDisagrees)$"

var go127 = []string{"GOTOOLCHAIN=go1.27.4"}

// dying are the victims of Go's own deaths, as ../godeath builds them.
var dying = []*victim.Program{
	withTrouble[0],
	{Build: []string{"-tags", "epitaph_test", "-buildmode=pie", "./victim"}},
	{Build: []string{"-tags", "epitaph_test", "-ldflags=-s -w", "./victim"}},
	{Build: []string{"-tags", "epitaph_test", "./victim"}, Env: go127},
}

// TestMachine runs the suites. Each of their tests is one here.
func TestMachine(t *testing.T) {
	machine, err := vm.New()
	if errors.Is(err, vm.ErrUnavailable) && asked == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	suites, limit := chosen(t)
	r := newRoot(t)
	for _, s := range suites {
		r.add(t, s)
	}
	r.addBox()
	if asked == "full" || asked == "cores" {
		r.addCores()
	}
	r.buildAll(t)
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	for _, result := range runAll(ctx, t, machine, r) {
		t.Run(result.Name, func(t *testing.T) {
			switch {
			case result.Name == boxJob:
				checkBox(t, result)
			case strings.HasPrefix(result.Name, coreJob):
				checkCore(t, r.dir, result)
			default:
				tell(t, result)
			}
		})
	}
}

// runAll runs the jobs in as many machines at a time as keep the processors busy, of which an
// emulated one uses one.
func runAll(ctx context.Context, t *testing.T, machine *vm.Machine, r *root) (all []job.Result) {
	t.Helper()
	var mu sync.Mutex
	var machines sync.WaitGroup
	n := 1 // beside other packages of tests
	if asked != "" {
		n = min(runtime.NumCPU(), 2)
	}
	for _, jobs := range shares(r.jobs, n) {
		machines.Go(func() {
			began := time.Now()
			results, err := machine.Run(ctx, r.dir, jobs)
			mu.Lock()
			defer mu.Unlock()
			t.Logf("%d jobs took %v", len(jobs), time.Since(began).Round(time.Second))
			if err != nil {
				t.Error(err)
			}
			all = append(all, results...)
		})
	}
	machines.Wait()
	return all
}

// shares divides jobs so that the limits of each share come to about as much.
func shares(jobs []job.Job, n int) [][]job.Job {
	byLimit := slices.SortedStableFunc(slices.Values(jobs), func(a, b job.Job) int { return cmp.Compare(b.Limit, a.Limit) })
	all, took := make([][]job.Job, n), make([]time.Duration, n)
	for _, j := range byLimit {
		least := slices.Index(took, slices.Min(took))
		all[least] = append(all[least], j)
		took[least] += j.Limit
	}
	return slices.DeleteFunc(all, func(jobs []job.Job) bool { return len(jobs) == 0 })
}

// tell makes of a suite's output what the tests here would have been: a test for each of
// its, with what it has written.
func tell(t *testing.T, r job.Result) {
	t.Logf("%s took %v", r.Name, r.Elapsed.Round(time.Millisecond))
	var passed, skipped []string
	for line := range strings.Lines(r.Stdout) {
		line = strings.TrimSpace(line)
		if rest, found := strings.CutPrefix(line, "--- PASS: "); found {
			passed = append(passed, nameOf(rest))
		} else if rest, found := strings.CutPrefix(line, "--- SKIP: "); found {
			skipped = append(skipped, nameOf(rest))
			t.Log(line)
		}
	}
	// A test passes when all of its subtests are skipped, as they are without their program.
	tests := slices.Concat(passed, skipped)
	passed = slices.DeleteFunc(passed, func(parent string) bool {
		return slices.ContainsFunc(tests, func(name string) bool { return strings.HasPrefix(name, parent+"/") })
	})
	t.Logf("%d passed, %d skipped", len(passed), len(skipped))
	if asked == "" && len(skipped) > 0 {
		t.Errorf("skipped: %q", skipped)
	}
	if r.Status != 0 || r.Signal != 0 || r.Hung || r.Error != "" || len(passed) == 0 {
		t.Errorf("status %d, signal %d, hung %v, %s\n%s\n%s", r.Status, r.Signal, r.Hung, r.Error, r.Stdout, r.Stderr)
	}
}

// nameOf is the test in what go test says behind "--- PASS: ".
func nameOf(line string) string {
	name, _, _ := strings.Cut(line, " ")
	return name
}
