//go:build linux && cgo

package crashtest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// TestWays has the same tests pass whatever the binary is asked for besides.
func TestWays(t *testing.T) {
	all := "^Test(Null|InlinedIntoStub|DoubleFree|Panic|Exit0?|Return|Output|Names|Chdir|Golden|CPU)$"
	for name, args := range map[string][]string{
		"all":         nil,
		"count, cpu":  {"-test.count=2", "-test.cpu=1,2", "-test.shuffle=on", "-test.failfast", "-test.run=" + all},
		"json":        {"-test.v=test2json", "-test.paniconexit0", "-test.run=" + all},
		"an IDE's":    {"-test.v", "-test.paniconexit0", "-test.run", "^\\QTestNames\\E$/^\\Qa_b\\E$"},
		"log":         {"-test.testlogfile=LOG", "-test.run=" + all},
		"skip, bench": {"-test.skip=Hang", "-test.bench=.", "-test.benchtime=1x", "-test.list=", "-test.run=" + all},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := filepath.Join(t.TempDir(), "log")
			for i := range args {
				args[i] = strings.ReplaceAll(args[i], "LOG", log)
			}
			out := passes(t, tests(t, plain, args))
			if name == "an IDE's" && (!strings.Contains(out, "--- PASS: TestNames/a_b") || strings.Contains(out, "TestNames/plain")) {
				t.Errorf("not that test alone:\n%s", out)
			}
			// A child that wrote its own log there would have truncated this one. By it go test does
			// not take a result from its cache when a golden file has changed.
			if text, err := os.ReadFile(log); name == "log" && (err != nil || !strings.Contains(string(text), "getenv DEC_PATH") ||
				!strings.Contains(string(text), "TestGolden.golden\n")) {
				t.Errorf("the log of what the tests depend on: %v, %q", err, text)
			}
		})
	}
	t.Run("positional", func(t *testing.T) {
		passes(t, tests(t, plain, []string{"-test.run=^TestArguments$", "one", "-test.run=two"}, victim.Env("DEC_ARGUMENTS=[one -test.run=two]")))
	})
	t.Run("with EPITAPH", func(t *testing.T) {
		passes(t, tests(t, plain, []string{"-test.run=^TestEnvironment$"}, victim.Env("EPITAPH=dir=/nonexistent")))
	})
	t.Run("nohup", func(t *testing.T) {
		passes(t, tests(t, plain, []string{"-test.run=^TestHangup$"}, victim.Under("sh", "-c", `trap "" HUP; exec "$@"`, "sh")))
	})
	t.Run("another directory", func(t *testing.T) {
		dir := t.TempDir()
		passes(t, tests(t, plain, []string{"-test.run=^Test(Null|Names|Chdir)$"}, in(dir)))
	})
}

// TestGoTest is go test itself, which strips the binary, with -exec, -json and -artifacts.
func TestGoTest(t *testing.T) {
	t.Parallel()
	dir := copyModule(t)
	out := goCommand(t, dir, "test", "-ldflags=-s=0 -w=0", "-exec=env DEC_BY_EXEC=1", "-json", "-run=^Test(Null|DoubleFree)$", ".")
	holds(t, out, `"Action":"attr"`, `"Key":"crash.signature","Value":"1:`)
	if strings.Contains(out, "hello from C") || !strings.Contains(out, `"Action":"pass","Package":"example.com/dec"`) {
		t.Errorf("output:\n%s", out)
	}
	cmd := exec.Command("go", "test", "-artifacts", "-outputdir="+dir, "-run=^TestNull$", ".")
	cmd.Dir = dir
	text, err := cmd.CombinedOutput()
	if err == nil {
		t.Errorf("it has passed:\n%s", text)
	}
	// The names of static functions are gone.
	holds(t, string(text), "--- FAIL: TestNull", "elsewhere than wanted", "report: "+dir, "1 C frame has no name: the binary is stripped; run go test -ldflags='-s=0 -w=0'")
	_, path, _ := strings.Cut(string(text), "report: ")
	path, _, _ = strings.Cut(path, "  ")
	if page, err := os.ReadFile(filepath.Join(filepath.Dir(path), "crash.html")); err != nil || !strings.Contains(string(page), "decode_frame") {
		t.Errorf("the page of it: %v\n%s", err, page)
	}
	if kept, err := os.ReadFile(path); err != nil || !strings.Contains(string(kept), "End of report (complete") {
		t.Errorf("the report that was kept: %v\n%s", err, kept)
	}
}

// A wrapper is used for the children when it is named, and hands the pipe on.
func TestWrapper(t *testing.T) {
	passes(t, tests(t, plain, []string{"-test.run=^TestNull$|^TestExit$"}, victim.Env("CRASHTEST_EXEC=env -u HOME")))
	out := fails(t, plain, "TestFailReturned", victim.Env("CRASHTEST_EXEC=false"))
	holds(t, out, "the new process did not come to this call of Run (exit 1)")
}

// Functions that are not static have their names also in the binary that go test makes.
func TestStripped(t *testing.T) {
	out := passes(t, tests(t, stripped, []string{"-test.v", "-test.run=^Test(DoubleFree|Panic|Exit)$"}))
	holds(t, out, "--- PASS: TestDoubleFree")
	holds(t, fails(t, stripped, "TestInlinedIntoStub"), "- first_plane", "dec.FirstPlane",
		"first_plane may be inlined into the function that cgo makes for it", "run go test -ldflags='-s=0 -w=0'")
}

// TestCoverage: what a child has run counts, whether it returned, was killed by a signal or panicked.
func TestCoverage(t *testing.T) {
	t.Parallel()
	for test, want := range map[string]string{
		"TestNull": "14.2,14.", "TestReturn": "14.2,14.", "TestPanic": "11.39,12.", "TestHang": "",
	} {
		profile := filepath.Join(t.TempDir(), "cover")
		passes(t, tests(t, covered, []string{"-test.run=^" + test + "$", "-test.coverprofile=" + profile}))
		text, err := os.ReadFile(profile)
		if err != nil {
			t.Fatal(err)
		}
		lines := regexp.MustCompile(`(?m)^example\.com/dec/dec\.go:(\S+) \d+ 1$`).FindAllStringSubmatch(string(text), -1)
		found := want == ""
		for _, line := range lines {
			found = found || strings.HasPrefix(line[1], want)
		}
		if !found || want == "" && len(lines) > 0 {
			t.Errorf("%s: the profile has no %q, or more:\n%s", test, want, text)
		}
	}
}

// TestDeadline: a hang is dumped before go test's own panic.
func TestDeadline(t *testing.T) {
	t.Parallel()
	o := tests(t, plain, []string{"-test.run=^TestFailDeadline$", "-test.timeout=12s"}, victim.Env("DEC_FAILS=1"))
	if strings.Contains(o.Stderr, "test timed out") {
		t.Errorf("go test was first: %v", o)
	}
	holds(t, o.Stdout, "hung for ", "it was in", "wait_for_more", "decode_frame")
}

// TestOrphan: the child does not outlive the test, however that ends.
func TestOrphan(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "pid")
	parent := victim.Start(t, plain.Path(t), []string{"-test.run=^TestOrphan$"}, victim.Limit(time.Minute), in(module),
		victim.Env("DEC_FAILS=1", "DEC_PID="+file))
	pid := 0
	for end := time.Now().Add(30 * time.Second); pid == 0 && time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		text, _ := os.ReadFile(file)
		pid, _ = strconv.Atoi(string(text))
	}
	if pid == 0 || !alive(pid) {
		t.Fatalf("no child: %v", parent.Kill())
	}
	if err := parent.Cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	parent.End()
	for end := time.Now().Add(20 * time.Second); alive(pid); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			syscall.Kill(pid, syscall.SIGKILL)
			t.Fatal("the child lives on")
		}
	}
}

// alive tells whether there is a process that has not ended.
func alive(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// TestFuzzing: seeds are tests as any, workers have no output.
func TestFuzzing(t *testing.T) {
	t.Parallel()
	passes(t, tests(t, plain, []string{"-test.run=^FuzzDecode$"}))
	cache := t.TempDir()
	o := tests(t, plain, []string{"-test.run=^$", "-test.fuzz=^FuzzDecode$", "-test.fuzzcachedir=" + cache, "-test.fuzztime=1x", "-test.parallel=1"}, in(t.TempDir()))
	holds(t, o.Stdout, "Run does not work while fuzzing")
}
