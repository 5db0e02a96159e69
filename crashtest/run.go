package crashtest

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/child"
	"github.com/epitaph-go/epitaph/report"
)

// Run runs f in a new process, with Epitaph enabled, and waits for its end. In the new
// process it does not return. A test or subtest calls it once. Where Epitaph's core does
// not work the test is skipped, unless [WithoutReport].
//
// f runs on a goroutine of its own. What it does to t stays in the new process, but that
// it has failed the test does not. Run fails the test, and ends it, when the new process
// does not come to the same call.
func Run(t *testing.T, f func(), opts ...Option) *Result {
	t.Helper()
	c := newConfig(opts)
	if received != nil {
		received.runChild(t, f, c)
	}
	refuse(t)
	dir := t.TempDir()
	o := &order{
		Test: t.Name(), Report: filepath.Join(dir, "report"), Maps: filepath.Join(dir, "maps"), Events: filepath.Join(dir, "events"),
		Limit: timeLeft(t, c.timeout), Core: c.core, Pipe: true,
	}
	cmd, done := o.command(t, c, dir)
	defer done()
	r := &Result{t: t, ownFrames: true, compiler: compiler()}
	run(t, r, cmd, o.Limit+killAfter, nil)
	r.takeEvents(o.events())
	text, _ := os.ReadFile(o.Report) // there is none without a crash
	r.takeReports(text)
	if r.Report.Kind == report.Timeout {
		r.TimedOut = true
		addModules(r.Report, o.Maps)
	}
	r.resolve()
	return r
}

// killAfter is for how long a process may outlast its time limit, to dump its stacks.
const killAfter = 6 * time.Second

// ran are the tests that have called Run.
var ran sync.Map

// refuse fails a test that Run cannot work in.
func refuse(t *testing.T) {
	t.Helper()
	if f := flag.Lookup("test.fuzzworker"); f != nil && f.Value.String() == "true" {
		t.Fatal("crashtest: Run does not work while fuzzing, whose workers have no output; run the seeds without -fuzz, or what was found with Corpus")
	}
	if clockIsFake() {
		t.Fatal("crashtest: Run does not work in a bubble of package synctest, where its time limit would not pass; call it outside, and synctest.Test in the function")
	}
	if _, again := ran.LoadOrStore(t, true); again {
		t.Fatal("crashtest: Run was called a second time in this test: the new process ends in the first one; use t.Run for each")
	}
	t.Cleanup(func() { ran.Delete(t) })
}

// command is the test binary again, on the way to the same call.
func (o *order) command(t *testing.T, c *config, dir string) (cmd *exec.Cmd, done func()) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatalf("crashtest: %v", err)
	}
	tmp := filepath.Join(dir, "tmp")
	if err := os.Mkdir(tmp, 0o777); err != nil {
		t.Fatalf("crashtest: %v", err)
	}
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatalf("crashtest: %v", err)
	}
	alive, mine, err := os.Pipe()
	if err != nil {
		t.Fatalf("crashtest: %v", err)
	}
	cmd = exec.Command(self, childArgs(o.Test)...)
	if wrapper := strings.Fields(os.Getenv("CRASHTEST_EXEC")); len(wrapper) > 0 {
		cmd = exec.Command(wrapper[0], append(append(wrapper[1:], self), cmd.Args[1:]...)...)
	}
	cmd.Dir = startDir
	cmd.Env = append(childEnv(startEnv), "TMPDIR="+tmp)
	cmd.Env = append(cmd.Env, c.env...)
	cmd.Env = append(cmd.Env, orderVariable+"="+string(text))
	cmd.ExtraFiles = []*os.File{alive}
	return cmd, func() {
		alive.Close()
		mine.Close()
	}
}

// Command runs a program that links Epitaph, as Run does; cmd is not started yet. A
// report is looked for in its standard error and, by the variable EPITAPH, which package
// handler/auto reads, in a directory of the test. A program that hangs is sent SIGABRT
// at the time limit, so that it reports where it is.
//
// The program does not die with the test's process, and writes core dumps as it always
// does. Its output goes to cmd.Stdout and cmd.Stderr as well, if they are set.
func Command(t *testing.T, cmd *exec.Cmd, opts ...Option) *Result {
	t.Helper()
	c := newConfig(opts)
	if clockIsFake() {
		t.Fatal("crashtest: Command does not work in a bubble of package synctest, where its time limit would not pass")
	}
	dir := t.TempDir()
	cmd.Env = append(cmd.Environ(), c.env...)
	if !c.bare && !has(cmd.Env, "EPITAPH") {
		cmd.Env = append(cmd.Env, "EPITAPH=dir="+dir)
	}
	r := &Result{t: t, compiler: compiler()}
	run(t, r, cmd, timeLeft(t, c.timeout), askForDump)
	files, _ := filepath.Glob(filepath.Join(dir, "*.crash"))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Errorf("crashtest: %v", err)
		}
		r.takeReports(text)
	}
	r.Stderr = r.takeReports(r.Stderr)
	// A watchdog of the program's own, with WithExit, says the same.
	r.TimedOut = r.TimedOut || r.Report.Kind == report.Timeout && r.status() == "exit 1"
	r.resolve()
	return r
}

func has(env []string, name string) bool {
	for _, v := range env {
		if strings.HasPrefix(v, name+"=") {
			return true
		}
	}
	return false
}

// run runs a process to its end. At the limit it is asked for a dump, if that has to be
// done from outside, and killed a little later.
func run(t *testing.T, r *Result, cmd *exec.Cmd, limit time.Duration, ask func(*os.Process)) {
	t.Helper()
	stdout, stderr := &child.Output{Bound: outputEnd, Also: cmd.Stdout}, &child.Output{Bound: outputEnd, Also: cmd.Stderr}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	p, err := (&child.Command{Cmd: cmd, Limit: limit, Ask: ask, Grace: killAfter, KillRest: true}).Start()
	if err != nil {
		t.Fatalf("crashtest: %v", err)
	}
	end := p.Wait()
	r.State, r.Elapsed, r.TimedOut = end.State, end.Elapsed, end.Hung
	r.Stdout, r.Stderr = stdout.Bytes(), stderr.Bytes()
	if end.Err != nil {
		t.Fatalf("crashtest: %v: %v", cmd, end.Err)
	}
}

// outputEnd is how many bytes are kept of the beginning and, at least, of the end of what
// a process writes.
const outputEnd = 4 << 20

// takeEvents ends a test whose child did not get as far as the function.
func (r *Result) takeEvents(events map[string]string) {
	r.t.Helper()
	if why, ok := events[eventNoCore]; ok {
		r.t.Skipf("crashtest: %s", why)
	}
	if why, ok := events[eventNoEnable]; ok {
		r.t.Fatalf("crashtest: in the new process: %s", why)
	}
	if why, ok := events[eventCoverage]; ok {
		r.t.Logf("crashtest: no coverage of a process that crashes: %s", why)
	}
	if other, ok := events[eventOther]; ok {
		r.t.Fatalf("crashtest: the new process came to the Run of %s first; move that to a subtest of its own", other)
	}
	_, reached := events[eventReached]
	if !reached {
		r.t.Fatalf("crashtest: the new process did not come to this call of Run (%s): up to there it has to do what this process did, "+
			"and the test's name has to be the same in each run. Its output:\n%s", r.status(), indent(ends(append(r.Stdout, r.Stderr...))))
	}
	_, r.Returned = events[eventReturned]
	_, r.goexit = events[eventGoexit]
	if _, failed := events[eventFailed]; failed {
		r.t.Errorf("crashtest: the function has failed the test in the new process, where its messages are lost; print them to standard error")
	}
}
