//go:build linux && (amd64 || arm64) && cgo

package blackbox

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/blackbox"
	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// lost has the victim go on with notes of both languages, from several threads,
// and crash; its report must tell of the loss.
func lost(t *testing.T, c *child, why string) *report.Report {
	t.Helper()
	c.do("storm 2")
	c.do("write")
	c.do("crumbs 10")
	c.do("annotate after=the loss")
	c.do("sleep 120ms")
	c.send("crash")
	r := complete(t, c.diedOf(syscall.SIGSEGV))
	if !strings.Contains(strings.Join(r.Notes, "\n"), "is lost: "+why) {
		t.Errorf("the notes do not tell of the loss: %q", r.Notes)
	}
	if len(r.Breadcrumbs) == 0 {
		t.Error("no breadcrumbs")
	}
	return r
}

func TestBoxIsTruncated(t *testing.T) {
	for _, size := range []int64{0, 3 * 4096, 5000, 100 << 10} {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			box := boxIn(t)
			c := start(t, box, "20ms")
			c.do("annotate before=the loss")
			c.do("crumbs 100")
			if err := os.Truncate(box, size); err != nil {
				t.Fatal(err)
			}
			r := lost(t, c, "it was truncated")
			found := false
			for _, a := range r.Annotations {
				found = found || a.Key == "after"
			}
			if !found {
				t.Errorf("annotations %v", r.Annotations)
			}
			if info, err := os.Stat(box); err != nil || info.Size() != size {
				t.Errorf("the truncated file grew again: %v, %v", info.Size(), err)
			}
		})
	}
}

func TestBoxIsRemoved(t *testing.T) {
	t.Parallel()
	box := boxIn(t)
	c := start(t, box, "20ms")
	if err := os.Remove(box); err != nil {
		t.Fatal(err)
	}
	lost(t, c, "it was removed")
	if _, err := os.Lstat(box); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is there again: %v", err)
	}
}

// The program closes all descriptors of the box, and opens something else.
func TestBoxDescriptorIsReused(t *testing.T) {
	t.Parallel()
	box, other := boxIn(t), filepath.Join(t.TempDir(), "database")
	c := start(t, box, "20ms")
	if said := c.do("reuse %s %s", box, other); len(said) != 1 || said[0] != "taken 1" {
		t.Errorf("the victim says %q", said)
	}
	lost(t, c, "its descriptor was closed")
	if content, err := os.ReadFile(other); err != nil || len(content) > 0 {
		t.Errorf("a file of the program's own was written to (%v): %d bytes", err, len(content))
	}
}

// smallDisk mounts a tmpfs.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skip("a file system of its own needs root:", err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

// fill writes until the disk takes no more.
func fill(t *testing.T, dir string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "other"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 64 << 10; size >= 1; size /= 16 {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
		if !errors.Is(err, unix.ENOSPC) {
			t.Fatal(err)
		}
	}
}

// All of the box's blocks were got at Enable: nothing is lost when others fill
// the disk.
func TestDiskIsFilledLater(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t, "4m")
	box := filepath.Join(dir, "box")
	c := start(t, box, "20ms")
	fill(t, dir)
	c.do("crumbs 100")
	c.do("sleep 300ms")
	c.send("crash")
	r := complete(t, c.diedOf(syscall.SIGSEGV))
	if notes := strings.Join(r.Notes, "\n"); strings.Contains(notes, "black box") {
		t.Error(notes)
	}
	run := open(t, box)
	ended(t, run, blackbox.Crashed)
	if string(run.Report) != c.Wait().Stderr || len(run.Snapshots) < 2 {
		t.Errorf("%d snapshots; the report in the box:\n%s", len(run.Snapshots), run.Report)
	}
}

// Truncated and its blocks taken by others: there is nothing to fall back to.
func TestDiskIsTaken(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t, "4m")
	box := filepath.Join(dir, "box")
	c := start(t, box, "20ms")
	if err := os.Truncate(box, 0); err != nil {
		t.Fatal(err)
	}
	fill(t, dir)
	lost(t, c, "it was truncated")
}

// refused starts Epitaph where it must say no, and which.
func refused(t *testing.T, box, why string) {
	t.Helper()
	c := start(t, "-", "20ms")
	said := c.do("enable %s 20ms", box)
	if len(said) != 1 || !strings.Contains(said[0], why) || !strings.Contains(said[0], box) {
		t.Errorf("the error is %q, want the path and %q", said, why)
	}
	// What was in force before still is.
	c.do("crumbs 1")
	c.send("crash")
	complete(t, c.diedOf(syscall.SIGSEGV))
}

func TestBadBoxes(t *testing.T) {
	t.Run("full disk", func(t *testing.T) {
		t.Parallel()
		dir := smallDisk(t, "1m")
		refused(t, filepath.Join(dir, "box"), "no space left")
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
	t.Run("in use", func(t *testing.T) {
		t.Parallel()
		box := boxIn(t)
		first := start(t, box, "20ms")
		first.do("crumb mine")
		refused(t, box, "in use by another process")
		if run := open(t, box); has(run.Breadcrumbs, "mine") != 1 || run.PID != first.Cmd.Process.Pid {
			t.Errorf("the box of the first: %+v", run)
		}
	})
	t.Run("symbolic link", func(t *testing.T) {
		t.Parallel()
		box := boxIn(t)
		if err := os.Symlink(box+"2", box); err != nil {
			t.Fatal(err)
		}
		refused(t, box, "a symbolic link")
		if _, err := os.Lstat(box + "2"); err == nil {
			t.Error("the link's target was made")
		}
	})
	t.Run("hard link", func(t *testing.T) {
		t.Parallel()
		box := boxIn(t)
		os.WriteFile(box, nil, 0o600)
		if err := os.Link(box, box+"2"); err != nil {
			t.Fatal(err)
		}
		refused(t, box, "has another name")
	})
	t.Run("something else", func(t *testing.T) {
		t.Parallel()
		box := boxIn(t)
		os.WriteFile(box, []byte("dear diary"), 0o600)
		refused(t, box, "a file that is not a black box")
		if b, _ := os.ReadFile(box); string(b) != "dear diary" {
			t.Errorf("it holds %q now", b)
		}
	})
	t.Run("directory", func(t *testing.T) {
		t.Parallel()
		refused(t, t.TempDir(), "is a directory")
	})
	t.Run("pipe", func(t *testing.T) {
		t.Parallel()
		box := boxIn(t)
		if err := unix.Mkfifo(box, 0o600); err != nil {
			t.Fatal(err)
		}
		refused(t, box, "not a regular file")
	})
	t.Run("no directory", func(t *testing.T) {
		t.Parallel()
		refused(t, filepath.Join(t.TempDir(), "none", "box"), "no such file or directory")
	})
	t.Run("read-only", func(t *testing.T) {
		t.Parallel()
		dir := smallDisk(t, "4m")
		if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
			t.Skip(err)
		}
		refused(t, filepath.Join(dir, "box"), "read-only file system")
	})
}

// The next run takes the file over, after LastRun has read it: a damaged one too.
func TestNextRun(t *testing.T) {
	t.Parallel()
	box := boxIn(t)
	c := start(t, box, "20ms")
	c.do("annotate run=first")
	c.do("sleep 50ms")
	c.send("crash")
	c.diedOf(syscall.SIGSEGV)
	if info, err := os.Stat(box); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := os.Chmod(box, 0o666); err != nil {
		t.Fatal(err)
	}
	second := start(t, "-", "20ms")
	if said := strings.Join(second.do("last %s", box), "\n"); !strings.Contains(said, "End: crashed") || !strings.Contains(said, "run = first") {
		t.Errorf("LastRun says:\n%s", said)
	}
	if said := second.do("enable %s 20ms", box); len(said) > 0 {
		t.Fatalf("%q", said)
	}
	run := open(t, box)
	ended(t, run, blackbox.Running)
	if len(run.Report) > 0 || len(run.Annotations) > 0 || run.PID != second.Cmd.Process.Pid {
		t.Errorf("something of the first run is left: %+v", run)
	}
	if info, _ := os.Stat(box); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	second.Kill()

	// Cut off in every part.
	whole, err := os.ReadFile(box)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{0, 5, 500, 5000, 50_000, 500_000, len(whole) - 1} {
		run, err := blackbox.Parse(whole[:size])
		if (err == nil) != (size >= 1024) || err == nil && len(run.Damage) == 0 {
			t.Errorf("cut off after %d bytes: %v", size, err)
		}
	}
	if said := start(t, "-", "20ms").do("last %s", box+"2"); len(said) != 1 || !strings.Contains(said[0], "no such file") {
		t.Errorf("LastRun of no file says %q", said)
	}
}

// The dying program's standard error has no reader: the box has what came
// before it stood still.
func TestReportOutlivesItsReader(t *testing.T) {
	t.Parallel()
	box := boxIn(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	c := start(t, box, "20ms", victim.Stderr(w))
	w.Close()
	unix.FcntlInt(r.Fd(), unix.F_SETPIPE_SZ, 4096)
	c.do("annotate request=7f3a")
	c.do("stop_reading") // the pipe is full from now on
	c.send("crash")
	c.diedOf(syscall.SIGSEGV)
	io.Copy(io.Discard, r)
	run := open(t, box)
	ended(t, run, blackbox.Crashed)
	if !strings.HasPrefix(string(run.Report), "Fatal error: Segmentation fault\n") || !strings.Contains(string(run.Report), "Current thread 0x") {
		t.Errorf("the report in the box:\n%s", run.Report)
	}
}
