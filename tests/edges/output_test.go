//go:build linux && (amd64 || arm64) && cgo

package edges

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/internal/victim"
)

func TestOutputToFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	// A report is added to a log, and does not overwrite it.
	io.WriteString(file, "earlier\n")
	o := run(t, "crash fd=3", victim.Inherit(file))
	o.DiedOf(t, syscall.SIGSEGV)
	text, _ := os.ReadFile(path)
	victim.Complete(t, string(text))
	if !strings.HasPrefix(string(text), "earlier\nFatal") {
		t.Errorf("the log was overwritten:\n%s", text)
	}
	victim.NoReport(t, o.Stderr)
}

// pipe returns a pipe that holds one page.
func pipe(t *testing.T, flags int) (reader, writer *os.File) {
	t.Helper()
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC|flags); err != nil {
		t.Fatal(err)
	}
	reader, writer = os.NewFile(uintptr(fds[0]), "reader"), os.NewFile(uintptr(fds[1]), "writer")
	if _, err := unix.FcntlInt(uintptr(fds[1]), unix.F_SETPIPE_SZ, 4096); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Close(); writer.Close() })
	return reader, writer
}

func socket(t *testing.T) (reader, writer *os.File) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	reader, writer = os.NewFile(uintptr(fds[0]), "reader"), os.NewFile(uintptr(fds[1]), "writer")
	t.Cleanup(func() { reader.Close(); writer.Close() })
	return reader, writer
}

// slowly reads to the end in small pieces, with pauses: the writer sees short
// writes, EAGAIN, and a full buffer.
func slowly(f *os.File) string {
	var text strings.Builder
	piece := make([]byte, 200)
	for {
		n, err := f.Read(piece)
		text.Write(piece[:n])
		if err != nil {
			return text.String()
		}
		time.Sleep(time.Millisecond) // the slowness is the point: nothing waits for it
	}
}

func TestOutputToSlowReader(t *testing.T) {
	outputs := map[string]func(*testing.T) (r, w *os.File){
		"pipe":              func(t *testing.T) (r, w *os.File) { return pipe(t, 0) },
		"non-blocking pipe": func(t *testing.T) (r, w *os.File) { return pipe(t, unix.O_NONBLOCK) },
		"socket":            socket,
		"small non-blocking socket": func(t *testing.T) (r, w *os.File) {
			r, w = socket(t)
			fd := int(w.Fd())
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, 1)
			unix.SetNonblock(fd, true)
			return r, w
		},
	}
	for name, open := range outputs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, w := open(t)
			// Os.File may have made our end non-blocking; the victim's is
			// what counts.
			c := start(t, "crash fd=3", victim.Inherit(w))
			w.Close()
			text := slowly(r)
			o := c.Wait()
			o.DiedOf(t, syscall.SIGSEGV)
			victim.Complete(t, text)
			victim.NoReport(t, o.Stderr)
		})
	}
}

// fill writes until F takes no more.
func fill(t *testing.T, f *os.File) {
	t.Helper()
	fd := int(f.Fd())
	unix.SetNonblock(fd, true)
	for {
		if _, err := unix.Write(fd, make([]byte, 512)); err == unix.EAGAIN {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	unix.SetNonblock(fd, false)
}

func TestOutputToStoppedReader(t *testing.T) {
	outputs := map[string]func(*testing.T) *os.File{
		"pipe":   func(t *testing.T) *os.File { _, w := pipe(t, 0); return w },
		"socket": func(t *testing.T) *os.File { _, w := socket(t); return w },
	}
	for name, output := range outputs {
		for _, place := range []string{"cgo", "thread"} {
			for _, state := range []string{"full", "empty"} {
				t.Run(name+"/"+state+"/"+place, func(t *testing.T) {
					t.Parallel()
					w := output(t)
					if state == "full" {
						fill(t, w)
					}
					o := run(t, "crash fd=3 deadline=3s place="+place, victim.Inherit(w))
					o.DiedOf(t, syscall.SIGSEGV)
					if o.Elapsed > slack+3*time.Second {
						t.Errorf("took %v with a deadline of 3 s", o.Elapsed)
					}
				})
			}
		}
	}
}

func TestOutputToClosedReader(t *testing.T) {
	outputs := map[string]func(*testing.T) (r, w *os.File){
		"pipe":   func(t *testing.T) (r, w *os.File) { return pipe(t, 0) },
		"socket": socket,
	}
	for name, output := range outputs {
		for kind, signal := range map[string]syscall.Signal{"null": syscall.SIGSEGV, "abort": syscall.SIGABRT} {
			for _, place := range []string{"cgo", "thread"} {
				t.Run(name+"/"+kind+"/"+place, func(t *testing.T) {
					t.Parallel()
					r, w := output(t)
					r.Close()
					// Not of SIGPIPE.
					o := run(t, "crash fd=3 kind="+kind+" place="+place, victim.Inherit(w))
					o.DiedOf(t, signal)
				})
			}
		}
	}
}

// Part of the report is written when the reader goes away.
func TestOutputReaderClosesInTheMiddle(t *testing.T) {
	t.Parallel()
	r, w := pipe(t, 0)
	fill(t, w)
	c := start(t, "crash fd=3", victim.Inherit(w))
	w.Close()
	room := make([]byte, 4096)
	io.ReadFull(r, room)
	n, _ := r.Read(room)
	r.Close()
	o := c.Wait()
	o.DiedOf(t, syscall.SIGSEGV)
	if !strings.HasPrefix(string(room[:n]), "Fatal error: Segmentation fault\n") {
		t.Errorf("read %q", room[:n])
	}
}

func TestOutputToFullDevice(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no /dev/full:", err)
	}
	defer full.Close()
	run(t, "crash fd=3", victim.Inherit(full)).DiedOf(t, syscall.SIGSEGV)
}

func TestOutputToTCP(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip("no loopback:", err)
	}
	defer listener.Close()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	peer, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	file, err := conn.(*net.TCPConn).File()
	if err != nil {
		t.Fatal(err)
	}
	c := start(t, "crash fd=3", victim.Inherit(file))
	file.Close()
	conn.Close()
	text, err := io.ReadAll(peer)
	if err != nil {
		t.Error(err)
	}
	c.Wait().DiedOf(t, syscall.SIGSEGV)
	victim.Complete(t, string(text))
}

func TestDescriptorTableIsFull(t *testing.T) {
	t.Parallel()
	o := run(t, "full_table")
	o.DiedOf(t, syscall.SIGSEGV)
	r := victim.Complete(t, o.Stderr)
	// What an address is says /proc/self/maps, which needs a descriptor.
	if !strings.Contains(r.Signal.Cause, "in the first page") {
		t.Errorf("the cause is %q", r.Signal.Cause)
	}
	shows(t, r, "crash_null", "main.main")
}

func TestEverythingIsClosed(t *testing.T) {
	t.Run("but standard error", func(t *testing.T) {
		t.Parallel()
		o := run(t, "close_from from=3")
		o.DiedOf(t, syscall.SIGSEGV)
		victim.Complete(t, o.Stderr)
	})
	t.Run("all", func(t *testing.T) {
		t.Parallel()
		o := run(t, "close_from from=0")
		o.DiedOf(t, syscall.SIGSEGV)
		if o.Stderr != "" || o.Stdout != "" {
			t.Errorf("wrote %q and %q", o.Stdout, o.Stderr)
		}
	})
}

func TestDescriptorIsReused(t *testing.T) {
	for _, test := range []struct {
		name, settings string
		report         bool
	}{
		{"the duplicate only", "", true},
		{"standard error as well", " both=1", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "database")
			o := run(t, "reuse file="+path+test.settings)
			o.DiedOf(t, syscall.SIGSEGV)
			if content, err := os.ReadFile(path); err != nil || len(content) > 0 {
				t.Errorf("a file of the program's own was written to (%v): %q", err, content)
			}
			if test.report {
				victim.Complete(t, o.Stderr)
			}
		})
	}
}
