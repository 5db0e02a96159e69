//go:build linux && cgo

package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// TestPlain runs every kind in every place without Epitaph and checks what Go then does by itself: on a thread that Go
// knows it prints its goroutines and exits with status 2, on one that C created it prints nothing and dies of the
// signal. That shows for each kind that the crash happens, and of which signal.
func TestPlain(t *testing.T) {
	checkPlain(t, demo)
}

func checkPlain(t *testing.T, program *victim.Program) {
	list := tableOf(t, program)
	for _, k := range list.Kinds {
		for _, p := range list.Places {
			t.Run(k.Name+"/"+p.Name, func(t *testing.T) {
				t.Parallel()
				o := run(t, program, "run "+k.Name+" -plain -place "+p.Name)
				if o.IsExit(69) {
					t.Skip(strings.TrimSpace(o.Stderr))
				}
				victim.NoReport(t, o.Stderr)
				if k.knownToGo(p) {
					if !o.IsExit(2) || !hasLine(o.Stderr, k.Signal+": ") || !hasLine(o.Stderr, "goroutine ") {
						t.Errorf("Go did not exit with status 2 and tell of %s: %v", k.Signal, o)
					}
				} else if !o.IsDeath(k.number()) || hasLine(o.Stderr, "goroutine ") {
					t.Errorf("Go did not die silently of %s: %v", k.Signal, o)
				}
			})
		}
	}
}

// knownToGo reports whether the signal comes on a thread that is in a call from Go or to it.
func (k kind) knownToGo(p place) bool {
	switch {
	case k.has("silent"):
		return false
	case k.has("any-thread"): // the kernel prefers the first thread, which is Go's
		return true
	case k.has("through-go"):
		return true
	case k.has("own-thread"):
		return false
	}
	return p.Name != "thread"
}

// TestPlainMisbehaves shows what Epitaph is for: crashes after which a program with Go alone hangs or goes on.
func TestPlainMisbehaves(t *testing.T) {
	for _, c := range []struct {
		args string
		want string // hang, or a status
	}{
		{"null-write -place thread -notify", "hang"},
		{"null-write -place thread -pid1", "hang"},
		{"abort -place thread -pid1", "hang"},
		{"int3 -place thread -notify", "status 3"},
		{"int3 -place thread -pid1", "status 3"},
		{"raise -place thread -pid1", "status 3"},
		{"raise -place main -ignore", "status 3"},
		{"null-write -place main -pid1", "status 2"},
		{"stack-overflow -place thread -pid1", "status 139"},
		{"blocked -place main -pid1", "status 139"},
	} {
		t.Run(strings.ReplaceAll(c.args, " ", "_"), func(t *testing.T) {
			t.Parallel()
			limit := hardLimit
			if c.want == "hang" {
				limit = 2 * time.Second
			}
			o := run(t, demo, "run -plain "+c.args, victim.Limit(limit))
			if o.IsExit(69) {
				t.Skip(strings.TrimSpace(o.Stderr))
			}
			got := fmt.Sprintf("status %d", o.Status.ExitStatus())
			if o.Hung {
				got = "hang"
			}
			if got != c.want {
				t.Errorf("got %s, want %s: %v", got, c.want, o)
			}
			if want := "crashdemo: still running"; o.IsExit(3) && !hasLine(o.Stderr, want) {
				t.Errorf("no line says %q: %v", want, o)
			}
		})
	}
}

// TestMask looks at the crashing thread while kill-self waits for its signal, which signal.Notify has taken away: with
// -mask only the crash's own signal is deliverable there.
func TestMask(t *testing.T) {
	c := demo.Start(t, "run kill-self -place thread -plain -notify -mask", victim.Limit(2*hardLimit))
	// All 64, less SIGKILL and SIGSTOP, which cannot be blocked, the two that glibc keeps for itself, and SIGSEGV.
	blocked := regexp.MustCompile(`(?m)^SigBlk:\tfffffffe7ffbfaff$`)
	for deadline := time.Now().Add(hardLimit); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", c.Cmd.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if text, err := os.ReadFile(file); err == nil && blocked.Match(text) {
				return
			}
		}
	}
	t.Error("no thread of the process blocks every signal but SIGSEGV")
}

// TestCore checks that a demonstration leaves no core file behind unless it is asked to.
func TestCore(t *testing.T) {
	pattern, err := os.ReadFile("/proc/sys/kernel/core_pattern")
	if err != nil || strings.ContainsAny(string(pattern), "|/%") {
		t.Skipf("core files do not go to the working directory here: pattern %q, %v", pattern, err)
	}
	for _, flag := range []string{"", "-core"} {
		t.Run("flag="+flag, func(t *testing.T) {
			dir := t.TempDir()
			o := run(t, demo, "run null-write -place thread -plain "+flag, in(dir),
				victim.Under("sh", "-c", "ulimit -c unlimited || exit 77; exec \"$@\"", "sh"))
			if o.IsExit(77) {
				t.Skip("the limit of core files cannot be raised here")
			}
			if !o.IsDeath(syscall.SIGSEGV) {
				t.Fatalf("not killed by SIGSEGV: %v", o)
			}
			cores, err := filepath.Glob(filepath.Join(dir, "core*"))
			if err != nil {
				t.Fatal(err)
			}
			if wrote := len(cores) > 0; wrote != (flag != "") || o.Status.CoreDump() != wrote {
				t.Errorf("core files: %v; the kernel says core dumped: %v", cores, o.Status.CoreDump())
			}
		})
	}
}
