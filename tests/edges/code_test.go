//go:build linux && amd64 && cgo

package edges

import (
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// code is the first frame of a stack in code without a module.
func code(t *testing.T, r *report.Report, frames []report.Frame) (report.Frame, int) {
	t.Helper()
	for i, f := range frames {
		if f.Kind == report.CodeFrame {
			return f, i
		}
	}
	t.Fatalf("no frame in code without a module in:\n%s", r)
	return report.Frame{}, 0
}

// removeNames deletes the files that a scenario with names leaves in the directory that
// perf looks in.
func removeNames(t *testing.T, c *victim.Child) {
	t.Cleanup(func() {
		path := fmt.Sprintf("/tmp/perf-%d.map", c.Cmd.Process.Pid)
		os.Remove(path)
		os.Remove(path + ".real")
	})
}

// TestCodeWithoutAModule: the code of a JIT compiler is code, and does not end the stack.
func TestCodeWithoutAModule(t *testing.T) {
	for _, c := range []struct {
		kind string
		how  report.How // by which the caller of the code is found
	}{{"framed", report.FramePointer}, {"bare", report.Scan}, {"leaf", report.Scan}, {"pushed", report.FramePointer}} {
		t.Run(c.kind, func(t *testing.T) {
			t.Parallel()
			o := run(t, "code kind="+c.kind)
			o.DiedOf(t, syscall.SIGSEGV)
			r := victim.Complete(t, o.Stderr)
			frames := r.Current().Frames
			f, i := code(t, r, frames)
			if f.Module != "<anonymous>" || f.Perm != "r-x" || f.Func != "" || f.Offset >= 64 || f.PC == 0 {
				t.Errorf("frame %q", f)
			}
			if c.kind == "leaf" && i != 0 || c.kind != "leaf" && frames[0].Name() != "codes_fault" {
				t.Errorf("the code is frame %d of:\n%s", i, r)
			}
			if c.kind == "pushed" {
				if i++; frames[i].Kind != report.CodeFrame || frames[i].How != report.FramePointer {
					t.Errorf("the frame behind the code is %q", frames[i])
				}
			}
			if caller := frames[i+1]; caller.Name() != "codes_run" || caller.How != c.how {
				t.Errorf("the caller is %q, found by %v", caller, caller.How)
			}
			shows(t, r, "codes_run", "main.main")
			for _, f := range frames {
				if f.Kind == report.NotExecutableFrame || f.Kind == report.LostFrames {
					t.Errorf("%q in:\n%s", f, r)
				}
			}
		})
	}
}

// TestCodeNames: the file that is written for perf(1) has the names, if it is the
// program's own; a line that is half written tells nothing.
func TestCodeNames(t *testing.T) {
	for names, want := range map[string]string{"file": "the \u0416 name", "half": "", "link": ""} {
		t.Run(names, func(t *testing.T) {
			t.Parallel()
			child := start(t, "code kind=framed names="+names)
			removeNames(t, child)
			o := child.Wait()
			o.DiedOf(t, syscall.SIGSEGV)
			r := victim.Complete(t, o.Stderr)
			f, _ := code(t, r, r.Current().Frames)
			if f.Func != want {
				t.Errorf("the frame is %q, want the function %q", f, want)
			}
			shows(t, r, "codes_fault", "codesGo", "codes_call_go", "codes_run", "main.main")
		})
	}
}

// TestCodeInDumps: dumps find the code that was made since Enable, on all threads.
func TestCodeInDumps(t *testing.T) {
	t.Parallel()
	child := start(t, "code_dump kind=framed names=file")
	removeNames(t, child)
	o := child.Wait()
	o.Exited(t, 3)
	r, err := report.Parse([]byte(o.Stderr))
	if err != nil || !r.Complete() {
		t.Fatalf("%v in:\n%s", err, o.Stderr)
	}
	stacks := 0
	for _, thread := range r.Threads {
		for i, f := range thread.Frames {
			if f.Kind != report.CodeFrame {
				continue
			}
			stacks++
			if thread.Frames[i+1].Name() != "codes_run" {
				t.Errorf("the caller is %q", thread.Frames[i+1])
			}
			if thread.Frames[i-1].Name() == "codes_call_go" && f.Func != "the \u0416 name" {
				t.Errorf("the frame is %q", f)
			}
		}
	}
	if stacks != 2 {
		t.Errorf("%d stacks with such code, want 2, in:\n%s", stacks, r)
	}
}
