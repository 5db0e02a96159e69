package dec

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/crashtest"
	"github.com/epitaph-go/epitaph/handler"
)

// How a process can end, each seen as what it is.

func TestMain(m *testing.M) {
	// Set-up that a child does not need. It changes where the child must not start.
	if !crashtest.Child() {
		os.Setenv("DEC_SETUP", "done")
	}
	os.Exit(m.Run())
}

func decode(frame string) func() { return func() { Decode([]byte(frame)) } }

func TestNull(t *testing.T) {
	crashtest.Run(t, decode("n")).Want(`
		SIGSEGV: write
		copy_plane    decode.c
		decode_frame  decode.c
		dec.Decode    dec.go
		...
	`)
}

func TestLibrary(t *testing.T) {
	crashtest.Run(t, decode("m")).Want(`
		SIGSEGV: NULL
		memset
		clear_plane
		decode_*
		Decode        dec.go:14
		...
	`)
}

// What is inlined into the function that cgo makes for it has a frame if there is line information.
func TestInlinedIntoStub(t *testing.T) {
	crashtest.Run(t, func() { FirstPlane(nil) }).Want(`
		SIGSEGV: read
		first_plane  decode.h
		FirstPlane   dec.go
		...
	`)
}

func TestDoubleFree(t *testing.T) {
	crashtest.Run(t, decode("d")).Want(`
		SIGABRT: double free
		free
		drop_frame
		...
	`).WantText(`double free|corruption`)
}

func TestAssert(t *testing.T) {
	crashtest.Run(t, decode("a")).Want(`
		SIGABRT: n > 0
		check_planes
		decode_frame
		...
	`)
}

func TestPanic(t *testing.T) {
	crashtest.Run(t, decode("good bye")).Want(`
		panic: a frame of Go's: ood bye
		Decode  dec.go
		...
	`)
}

func TestNilPanic(t *testing.T) {
	crashtest.Run(t, func() {
		var m map[string]int
		m["x"] = 1
	}).Want("panic: assignment to entry in nil map")
}

func TestFatalError(t *testing.T) {
	crashtest.Run(t, func() { new(sync.Mutex).Unlock() }).Want("fatal error: sync: unlock of unlocked mutex")
}

func TestExit(t *testing.T) { crashtest.Run(t, func() { os.Exit(3) }).Want("exit 3") }

func TestExit0(t *testing.T) { crashtest.Run(t, func() { os.Exit(0) }).Want("exit 0") }

func TestReturn(t *testing.T) {
	r := crashtest.Run(t, decode("x")).Want("ok")
	if !r.Returned {
		t.Error("it has not returned")
	}
}

func TestGoexit(t *testing.T) { crashtest.Run(t, runtime.Goexit).Want("goexit") }

// A deferred function that recovers is the function's own.
func TestRecovered(t *testing.T) {
	crashtest.Run(t, func() {
		defer func() { recover() }()
		panic("no matter")
	}).Want("ok")
}

func TestHang(t *testing.T) {
	r := crashtest.Run(t, decode("h"), crashtest.WithTimeout(time.Second)).Want(`
		hang
		wait_for_more
		decode_frame
		dec.Decode
		...
	`)
	if !r.TimedOut {
		t.Error("no timeout")
	}
}

func TestHangInGo(t *testing.T) {
	crashtest.Run(t, func() { waitForNobody(make(chan int)) }, crashtest.WithTimeout(time.Second)).Want(`
		hang
		dec.waitForNobody
		...
	`)
}

func waitForNobody(c chan int) { <-c }

func TestThread(t *testing.T) {
	crashtest.Run(t, func() {
		StartWorker()
		Decode([]byte("n"))
	}).Want("SIGSEGV").WantThread(`
		...
		work
	`)
}

func TestGoroutine(t *testing.T) {
	crashtest.Run(t, func() {
		c := make(chan int)
		go waitForNobody(c)
		for !strings.Contains(stacks(), "waitForNobody") {
			runtime.Gosched()
		}
		Decode([]byte("n"))
	}).Want("SIGSEGV").WantGoroutine(`
		dec.waitForNobody  dec_test.go
		...
	`)
}

func stacks() string {
	buf := make([]byte, 1<<16)
	return string(buf[:runtime.Stack(buf, true)])
}

func TestWithHandler(t *testing.T) {
	r := crashtest.Run(t, decode("n"), crashtest.WithHandler(handler.WithOneThread())).Want("SIGSEGV")
	if n := len(r.Report.Threads); n != 1 {
		t.Errorf("%d threads", n)
	}
}

// A process that Go ends behind the report has crashed all the same.
func TestChained(t *testing.T) {
	r := crashtest.Run(t, decode("n"), crashtest.WithHandler(handler.WithChain())).Want("SIGSEGV: write\ncopy_plane\n...")
	if r.State.ExitCode() != 2 {
		t.Errorf("%v, want exit status 2", r.State)
	}
}

func TestWithoutReport(t *testing.T) {
	r := crashtest.Run(t, func() { panic("bare") }, crashtest.WithoutReport()).Want("panic: bare")
	if r.Report.Headline != "" {
		t.Errorf("a report: %s", r.Report)
	}
}

func TestOutput(t *testing.T) {
	t.Run("lines", testOutput)
	t.Run("without end of line", func(t *testing.T) {
		if r := crashtest.Run(t, decode("q")).Want("ok"); string(r.Stdout) != "hello from C" {
			t.Errorf("output %q", r.Stdout)
		}
	})
}

func testOutput(t *testing.T) {
	r := crashtest.Run(t, func() {
		fmt.Fprintln(os.Stderr, "to standard error")
		Decode([]byte("p"))
	}).Want("SIGSEGV").WantText("to standard error")
	if string(r.Stdout) != "hello from C\n" || string(r.Stderr) != "to standard error\n" {
		t.Errorf("output %q, %q", r.Stdout, r.Stderr)
	}
}

func TestGolden(t *testing.T) { crashtest.Run(t, decode("n")).Golden() }
