//go:build linux && amd64

package arm64

import (
	"bufio"
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/tests/arm64/job"
	"github.com/epitaph-go/epitaph/tests/arm64/vm"
)

// asked is what was asked for: "full" is everything. In a list that is separated by commas, DIRECTORY is
// the suites of everything and byName that have this directory, and DIRECTORY:PATTERN those of their tests that
// -run=PATTERN names.
var asked = os.Getenv("EPITAPH_ARM64")

// chosen are the suites that were asked for, and how long the machine may take.
func chosen() ([]suite, time.Duration) {
	switch asked {
	case "":
		return telling, 5 * time.Minute
	case "full":
		return everything, 30 * time.Minute
	}
	var suites []suite
	for part := range strings.SplitSeq(asked, ",") {
		dir, pattern, found := strings.Cut(part, ":")
		for _, s := range slices.Concat(everything, byName) {
			if found {
				s.run = pattern
			}
			if s.dir == dir {
				suites = append(suites, s)
			}
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
	{dir: "tests/godeath", programs: dying, limit: 5 * time.Minute,
		run: "^(TestDeaths|TestVariants|TestErrorChain.*|TestNote.*|TestOnCrash|TestOnCrashOfGo|TestOnCrashOfGoVariants|TestOnCrashInCopy)$"},
	// There is no unshare; and 300 ms are not enough for two snapshots on a machine that is this slow.
	{dir: "tests/blackbox", programs: plain, skip: "^(TestOtherNamespace|TestDiskIsFilledLater)$"},
}

// byName are the suites that nobody has seen pass as a whole: they run when they are asked for by their directories.
var byName = []suite{
	{dir: "tests/faulthandler", programs: plain, limit: 5 * time.Minute},
	{dir: "tests/ondemand", programs: plain},
	{dir: "tests/live", programs: withTrouble},
	{dir: "tests/threads", programs: withTrouble},
	{dir: "tests/exits", programs: plain},
	{dir: "tests/lastwords", programs: plain},
	{dir: "tests/hangs", programs: plain},
	{dir: "tests/fields", programs: plain},
	{dir: "cgo"}, {dir: "internal/engine"}, {dir: "handler"},
}

// plain is the victim of most suites, withTrouble of those that make trouble in the core.
var (
	plain       = []*victim.Program{{Build: []string{"./victim"}}}
	withTrouble = []*victim.Program{{Build: []string{"-tags", "epitaph_test", "./victim"}}}
)

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
	if errors.Is(err, vm.ErrUnavailable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	suites, limit := chosen()
	r := newRoot(t)
	for _, s := range suites {
		r.add(t, s)
	}
	r.addBox(t)
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	results, err := machine.Run(ctx, r.dir, r.jobs)
	if err != nil {
		t.Error(err)
	}
	for _, result := range results {
		t.Run(result.Name, func(t *testing.T) {
			if result.Name == boxJob {
				checkBox(t, result)
				return
			}
			tell(t, result)
		})
	}
}

// tell makes of a suite's output what the tests here would have been: a test for each of
// its, with what it has written.
func tell(t *testing.T, r job.Result) {
	t.Logf("%s took %v", r.Name, r.Elapsed.Round(time.Millisecond))
	passed, skipped := 0, 0
	for lines := bufio.NewScanner(strings.NewReader(r.Stdout)); lines.Scan(); {
		switch line := strings.TrimLeft(lines.Text(), " "); {
		case strings.HasPrefix(line, "--- PASS: "):
			passed++
		case strings.HasPrefix(line, "--- SKIP: "):
			skipped++
			t.Log(line)
		}
	}
	t.Logf("%d passed, %d skipped", passed, skipped)
	if r.Status != 0 || r.Signal != 0 || r.Hung || r.Error != "" || passed == 0 {
		t.Errorf("status %d, signal %d, hung %v, %s\n%s\n%s", r.Status, r.Signal, r.Hung, r.Error, r.Stdout, r.Stderr)
	}
}
