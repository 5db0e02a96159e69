//go:build linux && (amd64 || arm64) && cgo

package godeath

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/tests/godeath/shared"
)

// A program does not go on after a panic unless it asks for that: its crash hook runs in a
// copy of it, and tells the test by shared memory what it has seen.

// patience is how long a copy gets (native/goruntime/forkcopy.h).
const patience = 400 * time.Millisecond

// actsInCopy runs a kind that dies of a panic, checks that its death is the same as without
// Epitaph, and the report whole, and returns what the crash hook says, as often as it ran.
func actsInCopy(t *testing.T, p *victim.Program, line string, changes ...victim.Change) (page *shared.Page, text string, o *victim.Outcome) {
	t.Helper()
	dir := t.TempDir()
	o, page = withPage(t, p, line+" dir="+dir, changes...)
	same(t, o, run(t, p, line+" off=1", changes...))
	text = onlyFile(t, dir)
	complete(t, text)
	nothingLeft(t, o)
	return page, text, o
}

// withPage runs a victim, and reads the memory that its crash hook has written to.
func withPage(t *testing.T, p *victim.Program, line string, changes ...victim.Change) (*victim.Outcome, *shared.Page) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shared")
	o := run(t, p, line+" shared="+path, changes...)
	bytes, err := os.ReadFile(path)
	if err != nil || len(bytes) != int(unsafe.Sizeof(shared.Page{})) {
		t.Fatalf("%d bytes of shared memory, %v", len(bytes), err)
	}
	page := new(shared.Page)
	copy(unsafe.Slice((*byte)(unsafe.Pointer(page)), len(bytes)), bytes)
	return o, page
}

// given checks what the crash hook has got, and that it has run once.
func given(t *testing.T, page *shared.Page, text string, comesBack bool) {
	t.Helper()
	if page.Began != 1 || (page.Ended == 1) != comesBack {
		t.Errorf("it began %d times and ended %d times", page.Began, page.Ended)
	}
	if got := string(page.Report[:page.Size]); got != text {
		t.Errorf("the function got:\n%s\nthe report is:\n%s", ends(got), ends(text))
	}
	if left := time.Duration(page.Left); left <= 0 || left > patience || !page.WellFormed {
		t.Errorf("the context ends in %v, well-formed: %v", left, page.WellFormed)
	}
}

// It is called once, with the report as it was written. None of what it does changes the
// death, and one that does not come back costs what a copy gets.
func TestOnCrashInCopy(t *testing.T) {
	for _, kind := range panicKinds {
		for what, comesBack := range map[string]bool{
			"return": true, "memory": true, "wait": true,
			"recovered": false, "panic": false, "nil": false, "goexit": false, "hang": false, "spin": false, "exit": false,
		} {
			t.Run(kind+"/"+what, func(t *testing.T) {
				t.Parallel()
				page, text, o := actsInCopy(t, plain, kind+" oncrash="+what)
				o.Exited(t, 2)
				given(t, page, text, comesBack)
				if o.Stdout != "" {
					t.Errorf("standard output is %q", o.Stdout)
				}
				if o.Elapsed > 4*time.Second { // of a deadline of 5
					t.Errorf("took %v", o.Elapsed)
				}
			})
		}
	}
}

// No other goroutine does anything from the moment on when the crash hook begins, unless
// the program asks to go on.
func TestNothingIsCommittedAfterAPanic(t *testing.T) {
	for range 5 {
		o, page := withPage(t, plain, "commits oncrash=commits dir="+t.TempDir())
		o.Exited(t, 2)
		if page.Began != 1 || page.Commits == 0 {
			t.Errorf("the crash hook began %d times, with %d commits", page.Began, page.Commits)
		}
		if page.Committed > page.Commits {
			t.Errorf("%d commits when the crash hook began, %d in the end", page.Commits, page.Committed)
		}
	}
	o, page := withPage(t, plain, "commits resume=1 oncrash=commits dir="+t.TempDir())
	o.Exited(t, 2)
	if page.Commits == 0 || page.Committed <= page.Commits {
		t.Errorf("with WithOnCrashResume: %d commits when the crash hook began, %d in the end", page.Commits, page.Committed)
	}
}

// Where there is no place for a report it gets one all the same.
func TestOnCrashInCopyAlone(t *testing.T) {
	o, page := withPage(t, plain, "panic oncrash=return")
	same(t, o, run(t, plain, "panic off=1"))
	text := string(page.Report[:page.Size])
	given(t, page, text, true)
	find(t, "panic").check(t, complete(t, text), o)
}

// What writes to a file does not come back, and is left behind.
func TestOnCrashInCopyHasNoFiles(t *testing.T) {
	to := filepath.Join(t.TempDir(), "copy")
	page, text, o := actsInCopy(t, plain, "goroutine oncrash=file to="+to)
	o.Exited(t, 2)
	given(t, page, text, false)
	if content, err := os.ReadFile(to); len(content) > 0 {
		t.Errorf("it has written %d bytes, %v", len(content), err)
	}
}

// Where a program must not be forked, and after a fatal error, it is not called.
func TestOnCrashInCopyNotCalled(t *testing.T) {
	for _, line := range []string{"panic nofork=1", "map", "unlock", "stack", "nested-fatal"} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			o, page := withPage(t, plain, line+" oncrash=return dir="+dir)
			o.Exited(t, 2)
			complete(t, onlyFile(t, dir))
			if page.Began != 0 {
				t.Error("it was called")
			}
		})
	}
	o, _ := withPage(t, plain, "panic nofork=1 oncrash=return")
	same(t, o, run(t, plain, "panic off=1"))
}

// Where the program itself wants Go's deaths to end in SIGABRT they do.
func TestOnCrashInCopyAborts(t *testing.T) {
	for _, what := range []string{"return", "hang"} {
		page, text, o := actsInCopy(t, plain, "goroutine oncrash="+what, victim.Env("GOTRACEBACK=crash"))
		o.DiedOf(t, syscall.SIGABRT)
		given(t, page, text, what == "return")
	}
}

func TestOnCrashInCopyVariants(t *testing.T) {
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			changes := v.surroundings(t)
			for _, kind := range []string{"panic", "goroutine", "callback"} {
				page, text, o := actsInCopy(t, v.program, kind+v.settings+" oncrash=memory", changes...)
				o.Exited(t, 2)
				given(t, page, text, true)
			}
		})
	}
}
