//go:build linux && (amd64 || arm64) && cgo

package taken

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// unseen are the ways in which a library takes a signal without the core seeing it.
var unseen = []struct {
	name    string
	program func() *victim.Program
	do      string
}{
	{"itself", of(program), "itself:%s"},
	{"next", of(program), "next:%s"},
	{"nowrap", of(nowrap), "sigaction:%s"},
}

// It is said once, and is in the report of another signal; WithTakeover puts it right.
func TestTakenIsNoticed(t *testing.T) {
	for _, way := range unseen {
		for _, takeover := range []bool{false, true} {
			t.Run(fmt.Sprint(way.name, "/", takeover), func(t *testing.T) {
				t.Parallel()
				line := "take kind=null taken=1 do=" + fmt.Sprintf(way.do, "dies")
				if takeover {
					line += " takeover=1"
				}
				path := library.Path(t)
				o := way.program().Run(t, line, victim.Env("LIBRARY="+path))
				o.DiedOf(t, syscall.SIGSEGV)
				if want := "11 taken by " + path + "\n"; o.Stdout != want {
					t.Errorf("Taken: want %q: %v", want, o)
				}
				if n := strings.Count(o.Stderr, "epitaph: SIGSEGV: taken from Epitaph by "+path+" (handler 0x"); n != 1 {
					t.Errorf("said %d times: %v", n, o)
				}
				if n := strings.Count(o.Stderr, "library: dies...."); n != 1 {
					t.Errorf("the library's handler was called %d times: %v", n, o)
				}
				if takeover {
					afterReport(t, o)
				} else {
					victim.NoReport(t, o.Stderr)
				}
			})
		}
		t.Run(way.name+"/report", func(t *testing.T) {
			t.Parallel()
			o := way.program().Run(t, "take kind=abort do="+fmt.Sprintf(way.do, "dies"), victim.Env("LIBRARY="+library.Path(t)))
			o.DiedOf(t, syscall.SIGABRT)
			r := victim.Complete(t, o.Stderr)
			if len(r.Notes) != 1 || !strings.HasPrefix(r.Notes[0], "SIGSEGV: taken from Epitaph by "+library.Path(t)) {
				t.Errorf("notes %q", r.Notes)
			}
		})
	}
}

// A handler that calls what it has found does not lose anything, and does not go round in
// circles when the core's is put in front of it again.
func TestTakenByOneThatForwards(t *testing.T) {
	for _, way := range unseen {
		for _, settings := range []string{"", " taken=1", " taken=1 takeover=1", " taken=1 takeover=1 disable=again"} {
			for _, place := range []string{"cgo", "thread"} {
				if !victim.Full && (place == "thread" || way.name == "next" && settings != "") {
					continue
				}
				t.Run(way.name+settings+"/"+place, func(t *testing.T) {
					t.Parallel()
					o := way.program().Run(t, "take kind=null place="+place+" do="+fmt.Sprintf(way.do, "forwards")+settings,
						victim.Env("LIBRARY="+library.Path(t)))
					o.DiedOf(t, syscall.SIGSEGV)
					victim.Complete(t, o.Stderr)
					if n := strings.Count(o.Stderr, "library: forwards"); n != 1 {
						t.Errorf("the library's handler was called %d times: %v", n, o)
					}
				})
			}
		}
		t.Run(way.name+"/off", func(t *testing.T) { // Go's end, as without Epitaph
			t.Parallel()
			o := way.program().Run(t, "take kind=null taken=1 takeover=1 disable=1 do="+fmt.Sprintf(way.do, "forwards"),
				victim.Env("LIBRARY="+library.Path(t)))
			o.Exited(t, 2)
			victim.NoReport(t, o.Stderr)
		})
	}
}

// Go dies of a recoverable fault when a handler without SA_ONSTACK has got in front, as
// without Epitaph; its report says whose.
func TestGoDiesOfAHandlerWithoutStack(t *testing.T) {
	for _, way := range unseen {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			o := way.program().Run(t, "go do="+fmt.Sprintf(way.do, "nostack")+" dir="+dir, victim.Env("LIBRARY="+library.Path(t)))
			o.Exited(t, 2)
			const says = "fatal error: non-Go code set up signal handler without SA_ONSTACK flag"
			if !strings.Contains(o.Stderr, says) {
				t.Errorf("not Go's end: %v", o)
			}
			files, _ := filepath.Glob(filepath.Join(dir, "*.crash"))
			if len(files) != 1 {
				t.Fatalf("report files %v: %v", files, o)
			}
			text, err := os.ReadFile(files[0])
			if err != nil {
				t.Fatal(err)
			}
			r := victim.Complete(t, string(text))
			if r.GoText == nil || !strings.Contains(r.String(), says) {
				t.Errorf("no text of Go's:\n%s", r)
			}
			want := "SIGSEGV: taken from Epitaph by " + library.Path(t)
			if len(r.Notes) != 1 || !strings.HasPrefix(r.Notes[0], want) || !strings.HasSuffix(r.Notes[0], ", without SA_ONSTACK)") {
				t.Errorf("notes %q", r.Notes)
			}
		})
	}
}
