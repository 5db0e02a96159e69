//go:build linux

package auto_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/blackbox"
	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

var (
	program = &victim.Program{Build: []string{"./testdata/victim"}, Env: []string{"CGO_ENABLED=1"}}
	pure    = &victim.Program{Build: []string{"./testdata/victim"}, Env: []string{"CGO_ENABLED=0"}}
)

func TestMain(m *testing.M) { os.Exit(victim.Main(m)) }

// run runs a program with a value of EPITAPH; nil: it is not set.
func run(t *testing.T, p *victim.Program, value *string, line string, changes ...victim.Change) *victim.Outcome {
	t.Helper()
	variable := victim.Unset("EPITAPH")
	if value != nil {
		variable = victim.Env("EPITAPH=" + *value)
	}
	return p.Run(t, line, append(changes, variable)...)
}

const (
	on  = "started, enabled: true\n"
	off = "started, enabled: false\n"
)

func TestEnvironment(t *testing.T) {
	for _, test := range []struct {
		name, program, value string
		unset                bool
		stdout, stderr       string
	}{
		{name: "unset", unset: true, stdout: off},
		{name: "empty", value: "", stdout: off},
		{name: "0", value: "0", stdout: off},
		{name: "1", value: "1", stdout: on},
		{name: "options", value: "deadline=2s,chain=1,goframesonly=1,maxframes=9", stdout: on},
		{name: "more options", value: "onethread=1,maxthreads=2,nofork=0,poll=0,snapshot=10s,threadsignal=50", stdout: on},
		{name: "deprecated options", value: "allthreads=0,nativestack=0,paniccopy=0", stdout: on},
		{name: "no such signal", value: "threadsignal=9", stdout: off,
			stderr: "epitaph: EPITAPH: WithThreadSignal: 9 is not from 35 to 64; crash reports are off\n"},
		{name: "no black box", value: "blackbox=/nonexistent/x", stdout: on,
			stderr: "epitaph: EPITAPH: the black box /nonexistent/x: open /nonexistent/x: no such file or directory; there are reports without that\n"},
		{name: "chain off", value: "chain=false", stdout: on},
		{name: "no such option", value: "deadlin=1s", stdout: off,
			stderr: "epitaph: EPITAPH: deadlin: there is no such key, did you mean deadline?; crash reports are off\n"},
		{name: "true, and a blank", value: "true, chain=1", stdout: on},
		{name: "a signal of Enable's", value: "register=SEGV", stdout: on,
			stderr: "epitaph: EPITAPH: register=SEGV: Register: signal 11 (segmentation fault) is a fatal signal, use Enable; there are reports without that\n"},
		{name: "refused by the handler", value: "deadline=-2s", stdout: off,
			stderr: "epitaph: EPITAPH: WithDeadline: -2s is not positive; crash reports are off\n"},
		{name: "no directory", value: "dir=/nonexistent/x", stdout: on,
			stderr: "epitaph: EPITAPH: WithDir: stat /nonexistent/x: no such file or directory; there are reports without that\n"},
		{name: "no output", value: "output=/nonexistent/x", stdout: on,
			stderr: "epitaph: EPITAPH: output=/nonexistent/x: no such file or directory; there are reports without that\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			value := &test.value
			if test.unset {
				value = nil
			}
			o := run(t, program, value, "")
			if o.Stdout != test.stdout || o.Stderr != test.stderr || o.Status != 0 {
				t.Errorf("%v", o)
			}
		})
	}
}

// A child process inherits the variable, while its parent has the black box.
func TestChildOfOneWithABox(t *testing.T) {
	box := filepath.Join(t.TempDir(), "box")
	value := "blackbox=" + box
	o := run(t, program, &value, "child")
	o.Exited(t, 0)
	lines := strings.SplitAfterN(o.Stderr, "\n", 2)
	if want := "epitaph: EPITAPH: the black box " + box + ": in use by another process; there are reports without that\n"; len(lines) != 2 || lines[0] != want {
		t.Fatalf("the child says:\n%s\nwant:\n%s", o.Stderr, want)
	}
	if r := victim.Complete(t, lines[1]); r.Signal == nil || r.Signal.Number != int(syscall.SIGABRT) {
		t.Errorf("the child's report:\n%s", lines[1])
	}
	if run, err := blackbox.Open(box); err != nil || run.End.Kind != blackbox.Exited || len(run.Report) > 0 {
		t.Errorf("the parent's box: %+v, %v", run, err)
	}
}

// Without cgo the program starts too, and says in one line why it is not enabled.
func TestWithoutCgo(t *testing.T) {
	value := "1"
	o := run(t, pure, &value, "")
	if o.Stdout != off || o.Status != 0 || strings.Count(o.Stderr, "\n") != 1 || !strings.HasPrefix(o.Stderr, "epitaph: EPITAPH: ") ||
		!strings.HasSuffix(o.Stderr, ": the native core is not available; crash reports are off\n") {
		t.Errorf("%v", o)
	}
	// With a place there will be something.
	dir := t.TempDir()
	value = "dir=" + dir
	o = run(t, pure, &value, "")
	if o.Stdout != on || o.Status != 0 || !strings.HasPrefix(o.Stderr, "epitaph: EPITAPH: ") ||
		!strings.HasSuffix(o.Stderr, ": Go's own text alone: the native core is not available\n") {
		t.Errorf("%v", o)
	}
	o = run(t, pure, nil, "")
	if o.Stdout != off || o.Stderr != "" || o.Status != 0 {
		t.Errorf("unset: %v", o)
	}
}

// The options arrive: the report is where they say, and there is one.
func TestReport(t *testing.T) {
	dir := t.TempDir()
	output := filepath.Join(dir, "a,b")
	for value, file := range map[string]string{
		"1": "", "dir=" + dir: filepath.Join(dir, "*.crash"), "output=" + filepath.Join(dir, `a\,b`): output,
	} {
		o := run(t, program, &value, "crash")
		o.DiedOf(t, syscall.SIGABRT)
		text := []byte(o.Stderr)
		if file != "" {
			files, err := filepath.Glob(file)
			if err != nil || len(files) != 1 {
				t.Fatalf("%s: files %q, %v", value, files, err)
			}
			if text, err = os.ReadFile(files[0]); err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(files[0]); err != nil || info.Mode() != 0o600 {
				t.Errorf("%s: %v, %v", value, info.Mode(), err)
			}
		}
		if r := victim.Complete(t, string(text)); r.Signal == nil || r.Signal.Name != "SIGABRT" {
			t.Errorf("%s: the report is\n%s", value, r)
		}
	}
	box := filepath.Join(dir, "box")
	value := "allthreads=0,blackbox=" + box
	o := run(t, program, &value, "crash")
	if r := victim.Complete(t, o.Stderr); len(r.Threads) != 1 || r.Answers != nil {
		t.Errorf("%s: the report is\n%s", value, r)
	}
	if last, err := blackbox.Open(box); err != nil || last.Report == nil {
		t.Errorf("the black box: %+v, %v", last, err)
	}
	// Without the variable Go ends the process in its own way.
	if stderr := run(t, program, nil, "crash").Stderr; strings.Contains(stderr, "Fatal error") || !strings.HasPrefix(stderr, "SIGABRT: abort\n") {
		t.Errorf("without the variable: %q", stderr)
	}
}

// A process that has another user's rights does not let the environment name
// files, or anything else.
func TestSetUID(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can make a program that is set-uid for another user")
	}
	for _, test := range []struct {
		mode os.FileMode
		want string
	}{{0o755, on}, {0o755 | os.ModeSetuid, off}} {
		if err := os.Chmod(program.Path(t), test.mode); err != nil {
			t.Fatal(err)
		}
		value := "1"
		o := run(t, program, &value, "", func(c *victim.Child) {
			c.Cmd.Dir = "/"
			c.Cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		})
		if test.want == off && o.Stdout == on && nosuid(t) {
			t.Skip("the directory for temporary files is mounted nosuid")
		}
		if o.Stdout != test.want || o.Stderr != "" || o.Status != 0 {
			t.Errorf("mode %v: %v", test.mode, o)
		}
	}
	if err := os.Chmod(program.Path(t), 0o755); err != nil {
		t.Fatal(err)
	}
}

func nosuid(t *testing.T) bool {
	t.Helper()
	var fs syscall.Statfs_t
	if err := syscall.Statfs(program.Path(t), &fs); err != nil {
		t.Fatal(err)
	}
	const stNosuid = 2
	return fs.Flags&stNosuid != 0
}

// register and later dump to the file of output.
func TestDumps(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dumps")
	value := "register=usr1, later=1ms,output=" + file
	o := run(t, program, &value, "dumped "+file)
	if o.Exited(t, 0); o.Stdout != on || o.Stderr != "" {
		t.Errorf("%v", o)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[report.Kind]int{}
	for scanner := report.NewScanner(strings.NewReader(string(text))); scanner.Scan(); {
		kinds[scanner.Report().Kind]++
	}
	if kinds[report.Dump] != 1 || kinds[report.Timeout] != 1 {
		t.Errorf("%v:\n%s", kinds, text)
	}
}
