//go:build linux

package auto_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/report"
)

// A victim is a build of testdata/victim, for all tests.
var victim struct{ cgo, pure string }

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "auto")
	if err == nil {
		err = os.Chmod(dir, 0o755) // another user runs the program too
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	victim.cgo, victim.pure = filepath.Join(dir, "victim"), filepath.Join(dir, "pure")
	for path, cgo := range map[string]string{victim.cgo: "CGO_ENABLED=1", victim.pure: "CGO_ENABLED=0"} {
		cmd := exec.Command("go", "build", "-o", path, "./testdata/victim")
		cmd.Env = append(os.Environ(), cgo)
		if out, err := cmd.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "building the victim: %v\n%s", err, out)
			return 1
		}
	}
	return m.Run()
}

// run runs a program with a value of EPITAPH; nil: it is not set.
func run(t *testing.T, program string, value *string, change func(*exec.Cmd), args ...string) (stdout, stderr string, status syscall.WaitStatus) {
	t.Helper()
	cmd := exec.Command(program, args...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "EPITAPH=") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	if value != nil {
		cmd.Env = append(cmd.Env, "EPITAPH="+*value)
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if change != nil {
		change(cmd)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	killer := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
	err := cmd.Wait()
	if !killer.Stop() {
		t.Fatalf("it hung; standard error:\n%s", errs.String())
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.Sys().(syscall.WaitStatus)
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
		{name: "options", value: "deadline=2s,chain=1,nativestack=0,maxframes=9", stdout: on},
		{name: "chain off", value: "chain=false", stdout: on},
		{name: "no such option", value: "color=1", stdout: off,
			stderr: "epitaph: EPITAPH: color: there is no such option; there will be no reports\n"},
		{name: "refused by the handler", value: "deadline=-2s", stdout: off,
			stderr: "epitaph: EPITAPH: handler: WithDeadline: -2s is not positive; there will be no reports\n"},
		{name: "no directory", value: "dir=/nonexistent/x", stdout: off,
			stderr: "epitaph: EPITAPH: handler: WithDir: stat /nonexistent/x: no such file or directory; there will be no reports\n"},
		{name: "no output", value: "output=/nonexistent/x", stdout: off,
			stderr: "epitaph: EPITAPH: output=/nonexistent/x: no such file or directory; there will be no reports\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			value := &test.value
			if test.unset {
				value = nil
			}
			stdout, stderr, status := run(t, victim.cgo, value, nil)
			if stdout != test.stdout || stderr != test.stderr || status != 0 {
				t.Errorf("status %v, standard output %q, standard error %q", status, stdout, stderr)
			}
		})
	}
}

// Without cgo the program starts too, and says in one line why it is not enabled.
func TestWithoutCgo(t *testing.T) {
	value := "1"
	stdout, stderr, status := run(t, victim.pure, &value, nil)
	if stdout != off || status != 0 || strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "epitaph: EPITAPH: handler: ") ||
		!strings.HasSuffix(stderr, ": the native core is not available; there will be no reports\n") {
		t.Errorf("status %v, standard output %q, standard error %q", status, stdout, stderr)
	}
	stdout, stderr, status = run(t, victim.pure, nil, nil)
	if stdout != off || stderr != "" || status != 0 {
		t.Errorf("unset: status %v, standard output %q, standard error %q", status, stdout, stderr)
	}
}

// The options arrive: the report is where they say, and there is one.
func TestReport(t *testing.T) {
	dir := t.TempDir()
	output := filepath.Join(dir, "a,b")
	for value, file := range map[string]string{
		"1": "", "dir=" + dir: filepath.Join(dir, "*.crash"), "output=" + filepath.Join(dir, `a\,b`): output,
	} {
		_, stderr, status := run(t, victim.cgo, &value, nil, "crash")
		if status.Signal() != syscall.SIGABRT {
			t.Errorf("%s: status %v", value, status)
		}
		text := []byte(stderr)
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
		r, err := report.Parse(text)
		if err != nil {
			t.Fatalf("%s: %v in %q", value, err, text)
		}
		if !r.Complete() || !r.Intact() || r.Signal == nil || r.Signal.Name != "SIGABRT" {
			t.Errorf("%s: the report is\n%s", value, r)
		}
	}
	// Without the variable Go ends the process in its own way.
	if _, stderr, _ := run(t, victim.cgo, nil, nil, "crash"); strings.Contains(stderr, "Fatal Go error") || !strings.HasPrefix(stderr, "SIGABRT: abort\n") {
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
		if err := os.Chmod(victim.cgo, test.mode); err != nil {
			t.Fatal(err)
		}
		value := "1"
		stdout, stderr, status := run(t, victim.cgo, &value, func(cmd *exec.Cmd) {
			cmd.Dir = "/"
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		})
		if test.want == off && stdout == on && nosuid(t) {
			t.Skip("the directory for temporary files is mounted nosuid")
		}
		if stdout != test.want || stderr != "" || status != 0 {
			t.Errorf("mode %v: status %v, standard output %q, standard error %q", test.mode, status, stdout, stderr)
		}
	}
	if err := os.Chmod(victim.cgo, 0o755); err != nil {
		t.Fatal(err)
	}
}

func nosuid(t *testing.T) bool {
	t.Helper()
	var fs syscall.Statfs_t
	if err := syscall.Statfs(victim.cgo, &fs); err != nil {
		t.Fatal(err)
	}
	const stNosuid = 2
	return fs.Flags&stNosuid != 0
}
