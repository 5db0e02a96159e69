package dec

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/epitaph-go/epitaph/crashtest"
	"github.com/epitaph-go/epitaph/handler"
)

// A test's own flag of this name: Golden goes by it.
var _ = flag.Bool("update", false, "write golden files")

// These fail, and crashtest_test.go looks at what they say.
func fails(t *testing.T) {
	if os.Getenv("DEC_FAILS") == "" {
		t.Skip("it is to fail")
	}
}

func TestFailEmpty(t *testing.T) {
	fails(t)
	crashtest.Run(t, decode("n")).Want("")
}

func TestFailElsewhere(t *testing.T) {
	fails(t)
	crashtest.Run(t, decode("m")).Want(`
		SIGSEGV
		clear_plane
		parse_header  decode.c
		...
		Decode
		...
	`)
}

func TestFailReturned(t *testing.T) {
	fails(t)
	crashtest.Run(t, decode("x")).Want("SIGSEGV\ndecode_frame\n...")
}

func TestFailHang(t *testing.T) {
	fails(t)
	crashtest.Run(t, decode("h"), crashtest.WithTimeout(time.Second)).Want("ok")
}

func TestFailSignal(t *testing.T) {
	fails(t)
	crashtest.Run(t, decode("d")).Want("SIGSEGV")
}

func TestFailCause(t *testing.T) {
	fails(t)
	crashtest.Run(t, decode("n")).Want("SIGSEGV: read")
}

func TestFailPattern(t *testing.T) {
	fails(t)
	crashtest.Run(t, decode("n")).Want("segfault").WantThread("nobody").WantText("nothing")
}

func TestFailTwice(t *testing.T) {
	fails(t)
	crashtest.Run(t, decode("n")).Want("SIGSEGV")
	crashtest.Run(t, decode("n"))
}

func TestFailOther(t *testing.T) {
	fails(t)
	crashtest.Run(t, decode("n"))
	t.Run("sub", func(t *testing.T) { crashtest.Run(t, decode("n")) })
}

func TestFailNotReached(t *testing.T) {
	fails(t)
	if crashtest.Child() {
		fmt.Println("somewhere else")
		return
	}
	crashtest.Run(t, decode("n"))
}

func TestFailName(t *testing.T) {
	fails(t)
	t.Run(fmt.Sprint(time.Now().UnixNano()), func(t *testing.T) { crashtest.Run(t, decode("n")) })
}

func TestFailFailed(t *testing.T) {
	fails(t)
	crashtest.Run(t, func() { t.Error("lost") }).Want("ok")
}

func TestFailSynctest(t *testing.T) {
	fails(t)
	synctest.Test(t, func(t *testing.T) { crashtest.Run(t, decode("n")) })
}

func TestFailGolden(t *testing.T) {
	fails(t)
	var opts []crashtest.GoldenOption
	if os.Getenv("DEC_LINES") == "true" {
		opts = append(opts, crashtest.WithLines())
	}
	crashtest.Run(t, decode("d")).Golden(opts...)
}

func TestFailCorpus(t *testing.T) {
	fails(t)
	crashtest.Corpus(t, "testdata/fuzz/FuzzCorpus/*", func(frame []byte) { Decode(frame) }, crashtest.WithKnown("testdata/known"))
}

func TestFailRace(t *testing.T) {
	fails(t)
	crashtest.Run(t, func() {
		n, done := 0, make(chan bool)
		go func() { n++; done <- true }()
		n++
		<-done
	}).Want("ok")
}

func TestFailBehind(t *testing.T) {
	fails(t)
	crashtest.Run(t, decode("behind")).Want("")
}

// Orphan runs until its parent is gone.
func TestOrphan(t *testing.T) {
	fails(t)
	crashtest.Run(t, func() {
		fmt.Fprintln(os.Stderr, os.Getpid())
		os.WriteFile(os.Getenv("DEC_PID"), fmt.Append(nil, os.Getpid()), 0o666)
		Decode([]byte("h"))
	}, crashtest.WithTimeout(time.Minute))
}

func TestFailDeadline(t *testing.T) {
	fails(t)
	crashtest.Run(t, decode("h")).Want("ok")
}

func TestFailOption(t *testing.T) {
	fails(t)
	crashtest.Run(t, decode("n"), crashtest.WithHandler(handler.WithMaxFrames(0)))
}
