package dec

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/crashtest"
	"github.com/epitaph-go/epitaph/handler"
)

// What stands between a test binary and a second run of one of its tests.

func TestNames(t *testing.T) {
	for i, name := range []string{"plain", "a/b", "[x", "(y|z)", "a b", "größe", "$^.*", "same", "same", "", `back\slash`, "tab\t"} {
		t.Run(name, func(t *testing.T) {
			r := crashtest.Run(t, func() { fmt.Print(i) }).Want("ok")
			if string(r.Stdout) != fmt.Sprint(i) {
				t.Errorf("case %d ran case %s", i, r.Stdout)
			}
		})
	}
}

func TestParallel(t *testing.T) {
	for range 4 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			crashtest.Run(t, decode("n")).Want("SIGSEGV")
		})
	}
}

// What the test has changed before Run it changes in the child, too: from the same values.
func TestChdir(t *testing.T) {
	before, _ := os.Getwd()
	t.Chdir("..")
	t.Setenv("DEC_PATH", os.Getenv("DEC_PATH")+":more")
	r := crashtest.Run(t, func() {
		dir, _ := os.Getwd()
		fmt.Print(dir, " ", os.Getenv("DEC_PATH"), " ", os.Getenv("DEC_SETUP"))
	}).Want("ok")
	if want := filepath.Dir(before) + " :more "; string(r.Stdout) != want {
		t.Errorf("%q, want %q", r.Stdout, want)
	}
}

// What the function starts is not a child of Run's, and does not keep its pipe open.
func TestEnvironment(t *testing.T) {
	r := crashtest.Run(t, func() {
		pipe, _ := os.Readlink("/proc/self/fd/3")
		out, err := exec.Command("sh", "-c", "env; ls -l /proc/self/fd").CombinedOutput()
		text := "\n" + string(out)
		fmt.Println(crashtest.Child(), err, strings.HasPrefix(pipe, "pipe:"), strings.Contains(text, pipe),
			strings.Contains(text, "EPITAPH_CRASHTEST"), strings.Contains(text, "\nEPITAPH="), strings.Contains(text, "DEC_SETUP"), strings.Contains(text, "DEC_OPTION=1\n"))
	}, crashtest.WithEnv("DEC_OPTION=1")).Want("ok")
	if want := "true <nil> true false false false false true\n"; string(r.Stdout) != want {
		t.Errorf("%q, want %q", r.Stdout, want)
	}
}

// A core limit of 1 keeps the kernel from asking systemd-coredump, too.
func TestCoreLimit(t *testing.T) {
	limit := func() {
		var l syscall.Rlimit
		syscall.Getrlimit(syscall.RLIMIT_CORE, &l)
		fmt.Print(l.Cur)
	}
	var mine syscall.Rlimit
	syscall.Getrlimit(syscall.RLIMIT_CORE, &mine)
	want := uint64(1)
	if mine.Max == 0 {
		want = 0
	}
	t.Run("without core", func(t *testing.T) {
		if r := crashtest.Run(t, limit).Want("ok"); string(r.Stdout) != fmt.Sprint(want) {
			t.Errorf("core limit %s, want %d", r.Stdout, want)
		}
	})
	t.Run("with core", func(t *testing.T) {
		if r := crashtest.Run(t, limit, crashtest.WithCore()).Want("ok"); string(r.Stdout) != fmt.Sprint(mine.Cur) {
			t.Errorf("core limit %s, want %d", r.Stdout, mine.Cur)
		}
	})
}

// A signal that nohup has the test ignore kills the child all the same.
func TestHangup(t *testing.T) {
	crashtest.Run(t, func() {
		syscall.Kill(os.Getpid(), syscall.SIGHUP)
		select {}
	}).Want("SIGHUP")
}

// Recursion has a golden that does not depend on its depth.
func TestGoldenOfRecursion(t *testing.T) { crashtest.Run(t, decode("r")).Golden() }

// The temporary directory of a child that is killed is not left behind.
func TestTempDir(t *testing.T) {
	var left string
	t.Run("killed", func(t *testing.T) {
		r := crashtest.Run(t, func() {
			dir, err := os.MkdirTemp("", "left")
			fmt.Println(dir, err)
			Decode([]byte("n"))
		}).Want("SIGSEGV")
		left, _, _ = strings.Cut(string(r.Stdout), " ")
		if _, err := os.Stat(left); err != nil {
			t.Error(err)
		}
	})
	if _, err := os.Stat(left); left != "" && err == nil {
		t.Errorf("%s is left", left)
	}
}

// A child reads no symbols, neither names nor what is needed to unwind code without
// .eh_frame, and no report of it waits for them: the parent resolves them.
func TestSymbolsAreLeftOut(t *testing.T) {
	read := func() {
		handler.Ready(t.Context())
		text, _ := os.ReadFile("/proc/self/io")
		n, _, _ := strings.Cut(string(text), "\n")
		fmt.Print(strings.TrimPrefix(n, "rchar: "))
	}
	var bytes [2]int
	for i, opts := range [][]crashtest.Option{{crashtest.WithoutReport()}, nil} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			r := crashtest.Run(t, read, opts...).Want("ok")
			n, err := strconv.Atoi(string(r.Stdout))
			if err != nil {
				t.Error(err)
			}
			bytes[i] = n
		})
	}
	// What is read is the system's files on this process, and the headers of the modules.
	if more := bytes[1] - bytes[0]; !crashtest.Child() && more > 100_000 {
		t.Errorf("with Epitaph a child has read %d bytes more", more)
	}
}

// What the function leaves running is killed with it, and does not keep Run waiting.
func TestGrandchild(t *testing.T) {
	r := crashtest.Run(t, func() {
		cmd := exec.Command("sleep", "1000")
		cmd.Stdout = os.Stdout
		if err := cmd.Start(); err != nil {
			panic(err)
		}
		fmt.Println(cmd.Process.Pid)
	}).Want("ok")
	stat := "/proc/" + strings.TrimSpace(string(r.Stdout)) + "/stat"
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		// A zombie is not gone until its new parent has looked.
		state, err := os.ReadFile(stat)
		if err != nil || strings.Contains(string(state), ") Z ") {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("it is still there: %s", state)
		}
	}
}

// A child runs as many threads of Go as the test does with -cpu.
func TestCPU(t *testing.T) {
	want := runtime.GOMAXPROCS(0)
	if r := crashtest.Run(t, func() { fmt.Print(runtime.GOMAXPROCS(0)) }).Want("ok"); string(r.Stdout) != fmt.Sprint(want) {
		t.Errorf("GOMAXPROCS %s, want %d", r.Stdout, want)
	}
}

func TestArguments(t *testing.T) {
	r := crashtest.Run(t, func() {
		for i, arg := range os.Args {
			if arg == "--" {
				fmt.Print(os.Args[i+1:])
			}
		}
	}).Want("ok")
	if want := os.Getenv("DEC_ARGUMENTS"); string(r.Stdout) != want {
		t.Errorf("arguments %q, want %q", r.Stdout, want)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("n"))
	f.Add([]byte("m"))
	f.Fuzz(func(t *testing.T, frame []byte) {
		crashtest.Run(t, func() { Decode(frame) }).Want("SIGSEGV")
	})
}

func TestCommand(t *testing.T) {
	crashtest.Command(t, exec.Command("sh", "-c", "exit 4")).Want("exit 4")
	crashtest.Command(t, exec.Command("sh", "-c", "kill -USR1 $$")).Want("SIGUSR1")
}
