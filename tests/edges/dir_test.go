//go:build linux && (amd64 || arm64) && cgo

package edges

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// onlyFile is the one report file in a directory, and its text.
func onlyFile(t *testing.T, dir string) (path, text string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 {
		t.Fatalf("%d files in the directory, want 1: %v", len(entries), entries)
	}
	path = filepath.Join(dir, entries[0].Name())
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, string(content)
}

func TestDir(t *testing.T) {
	for _, umask := range []int{0, 0o022, 0o777} {
		t.Run(fmt.Sprintf("umask %03o", umask), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			o := run(t, fmt.Sprintf("umask umask=%d dir=%s", umask, dir))
			o.DiedOf(t, syscall.SIGSEGV)
			path, text := onlyFile(t, dir)
			r := victim.Complete(t, text)
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode() != 0o600 {
				t.Errorf("the mode is %v", info.Mode())
			}
			pattern := fmt.Sprintf(`^victim-[-.0-9A-Za-z_]+-%d-(\d{4}-\d{2}-\d{2}T\d{6}\.\d{6}Z)\.crash$`, o.PID)
			match := regexp.MustCompile(pattern).FindStringSubmatch(filepath.Base(path))
			if match == nil {
				t.Fatalf("the name is %q, want %s", filepath.Base(path), pattern)
			}
			at, err := time.Parse("2006-01-02T150405.000000Z", match[1])
			if since := r.Process.Time.Sub(at); err != nil || since < 0 || since > time.Second {
				t.Errorf("the time in the name is %v, in the report %v (%v)", at, r.Process.Time, err)
			}
			isShort(t, o.Stderr, path, r)
		})
	}
}

// isShort fails unless the text is the short report beside the whole one in the file at path.
func isShort(t *testing.T, text, path string, whole *report.Report) {
	t.Helper()
	r := termination(t, text)
	if r.Headline != whole.Headline || innermost(r) != innermost(whole) || depth(r) != depth(whole) ||
		!slices.Contains(r.Notes, "the whole report is in "+path) || len(r.Modules) > 0 || len(r.Threads) != 1 {
		t.Errorf("not the short report of %s:\n%s", path, text)
	}
}

func TestDirWithoutACrash(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run(t, "enable dir="+dir).Exited(t, 3)
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("a run without a crash left %v (%v)", entries, err)
	}
}

func TestDirWithFullDescriptorTable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run(t, "full_table dir="+dir).DiedOf(t, syscall.SIGSEGV)
	_, text := onlyFile(t, dir)
	victim.Complete(t, text)
}

// Where no file can be made, the report goes to standard error and says why.
func TestDirIsGone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "reports")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	o := run(t, "dir_gone dir="+dir)
	o.DiedOf(t, syscall.SIGSEGV)
	hasNote(t, o.Stderr, fmt.Sprintf("no report file could be made in %s: %v", dir, syscall.ENOENT))
}

// ownedByNobody is a directory, and has the victim run as its owner, with the
// directory as its descriptor 3. Root is kept out by no mode, and others cannot
// get to a test's directory by its path.
func ownedByNobody(t *testing.T) (dir string, nobody victim.Change) {
	t.Helper()
	dir = t.TempDir()
	id := os.Getuid()
	if id == 0 {
		id = 65534
		if err := os.Chown(dir, id, id); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return dir, func(c *victim.Child) {
		victim.Inherit(file)(c)
		if id != os.Getuid() {
			c.Cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(id), Gid: uint32(id)}}
		}
	}
}

func TestDirIsReadOnly(t *testing.T) {
	t.Parallel()
	_, nobody := ownedByNobody(t)
	o := run(t, "dir_read_only dir=/proc/self/fd/3", nobody)
	o.DiedOf(t, syscall.SIGSEGV)
	hasNote(t, o.Stderr, fmt.Sprintf("no report file could be made in /proc/self/fd/3: %v", syscall.EACCES))
}

func hasNote(t *testing.T, text, note string) {
	t.Helper()
	r := victim.Complete(t, text)
	for _, n := range r.Notes {
		if n == note {
			return
		}
	}
	t.Errorf("the notes are %q, want %q", r.Notes, note)
}

// Nothing can be written to the file: the whole report goes to standard error,
// and says so in its end line.
func TestDirOnFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=4k"); err != nil {
		t.Skip("no tmpfs of our own:", err)
	}
	defer syscall.Unmount(dir, 0)
	if err := os.WriteFile(filepath.Join(dir, "filler"), make([]byte, 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	o := run(t, "crash dir="+dir)
	o.DiedOf(t, syscall.SIGSEGV)
	outputFailed(t, o.Stderr, syscall.ENOSPC)
}

// The file is full in the middle of the report: its rest goes to standard error,
// and SIGXFSZ is not what the process dies of.
func TestDirFileIsFull(t *testing.T) {
	t.Parallel()
	for _, place := range []string{"cgo", "thread"} {
		dir := t.TempDir()
		o := run(t, "file_size bytes=1000 place="+place+" dir="+dir)
		o.DiedOf(t, syscall.SIGSEGV)
		path, text := onlyFile(t, dir)
		if len(text) != 1000 {
			t.Errorf("%d bytes are in the file", len(text))
		}
		outputFailed(t, text+o.Stderr, syscall.EFBIG)
		if !strings.Contains(o.Stderr, "Note: the beginning of the report is in "+path+"\n") {
			t.Errorf("the rest does not say where its beginning is:\n%s", o.Stderr)
		}
	}
}

// outputFailed fails unless the text is a report that lost nothing, but tells
// that its first output failed.
func outputFailed(t *testing.T, text string, why syscall.Errno) {
	t.Helper()
	r := victim.Report(t, text)
	if want := fmt.Sprintf("output failed: %v", why); r.Complete() || !r.Intact() ||
		len(r.End.Reasons) != 1 || r.End.Reasons[0] != want {
		t.Errorf("want an end line with %q:\n%s", want, text)
	}
}

// A program may be called anything.
func TestDirOfOddProgram(t *testing.T) {
	for _, name := range []string{"b\u00e9b\u00e9 \u2020", "new\nline \"quoted\"", "\xff\xfe", strings.Repeat("long", 50)} {
		t.Run(fmt.Sprintf("%.20q", name), func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), name)
			if err := os.Link(program.Path(t), file); err != nil {
				t.Skip(err) // another file system
			}
			dir := t.TempDir()
			o := run(t, "crash dir="+dir, func(c *victim.Child) { c.Cmd.Path = file })
			o.DiedOf(t, syscall.SIGSEGV)
			path, text := onlyFile(t, dir)
			whole := victim.Complete(t, text)
			if base := filepath.Base(path); !strings.HasPrefix(base, name[:min(len(name), 60)]) || !strings.HasSuffix(base, ".crash") {
				t.Errorf("the file of %q is %q", name, base)
			}
			if short := termination(t, o.Stderr); innermost(short) != innermost(whole) || len(short.Notes) != 1 {
				t.Errorf("not the short report:\n%s", o.Stderr)
			}
		})
	}
}

// A name that exists, if only as a symbolic link, is left alone. The name has
// the time in it, so another program cannot be there first on purpose; what can be shown is
// the flags of the call, and that the next name is tried.
func TestDirNameIsTaken(t *testing.T) {
	t.Parallel()
	victim.NeedTools(t, "strace")
	dir := t.TempDir()
	// Enable opens the directory by another path, so that the first openat
	// that is in it is the one of the crash.
	file, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	trace := filepath.Join(t.TempDir(), "trace")
	o := run(t, "crash dir=/proc/self/fd/3", victim.Inherit(file), victim.Under("strace", "-f", "-qq", "-o", trace,
		"-e", "trace=openat", "-e", "inject=openat:error=EEXIST:when=1", "-P", dir))
	lines, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	o.DiedOf(t, syscall.SIGSEGV)
	path, text := onlyFile(t, dir)
	victim.Complete(t, text)
	if !strings.HasSuffix(path, "Za.crash") {
		t.Errorf("the second name is %q", path)
	}
	opened := regexp.MustCompile(`(?m)^.*\.crash.*$`).FindAllString(string(lines), -1)
	if len(opened) != 2 {
		t.Errorf("opened by %q", opened)
	}
	for _, line := range opened {
		if !strings.Contains(line, "O_WRONLY|O_CREAT|O_EXCL|O_NOFOLLOW|O_CLOEXEC, 0600") {
			t.Errorf("opened by %s", line)
		}
	}
}
