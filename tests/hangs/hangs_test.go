//go:build linux && (amd64 || arm64) && cgo

// Package hangs tests that the dump of a program that hangs begins with the answer. Each
// hang is that of a child process, the program victim.
package hangs

import (
	"os"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

var program = &victim.Program{Build: []string{"./victim"}}

func TestMain(m *testing.M) { os.Exit(victim.Main(m)) }

// What the first lines have to name: the function that waits, and for what.
var hangs = []struct {
	kind    string
	wanted  []string
	always  bool // not only with EPITAPH_MATRIX=full
	watched bool // by a watchdog; else by DumpLater
}{
	{"mutex", []string{"[sync.Mutex.Lock]", "main.mutex"}, true, false},
	{"mutex", []string{"[sync.Mutex.Lock]", "main.mutex", "Note: watchdog: no heartbeat for "}, true, true},
	{"rlock", []string{"[sync.RWMutex.RLock]", "main.rlock"}, false, false},
	{"wlock", []string{"[sync.RWMutex.Lock]", "main.wlock"}, false, true},
	{"deadlock", []string{"[sync.Mutex.Lock]", "main.first"}, true, true},
	{"nilsend", []string{"[chan send (nil chan)]", "main.nilsend"}, false, false},
	{"nilreceive", []string{"[chan receive (nil chan)]", "main.nilreceive"}, false, true},
	{"nothing", []string{"[select (no cases)]", "main.nothing"}, false, false},
	{"send", []string{"[chan send]", "main.send"}, false, false},
	{"receive", []string{"[chan receive]", "main.receive"}, true, false},
	{"choice", []string{"[select]", "main.choice"}, false, true},
	{"group", []string{"[sync.WaitGroup.Wait]", "main.group"}, false, false},
	{"condition", []string{"[sync.Cond.Wait]", "main.condition"}, false, false},
	{"spin", []string{"main.spin"}, false, true},
	{"cmutex", []string{"main._Cfunc_hang_mutex", "main.cmutex"}, true, false},
	{"cmutex", []string{"main._Cfunc_hang_mutex", "main.cmutex"}, false, true},
	{"ccondition", []string{"main._Cfunc_hang_condition", "main.ccondition"}, false, false},
	{"cread", []string{"main._Cfunc_hang_read", "main.cread"}, true, true},
	{"csleep", []string{"main._Cfunc_hang_sleep", "main.csleep"}, false, false},
	{"cspin", []string{"main._Cfunc_hang_spin", "main.cspin"}, false, true},
}

const topLines = 20

// TestTheAnswerComesFirst: the first 20 lines name what the program hangs in.
func TestTheAnswerComesFirst(t *testing.T) {
	for _, h := range hangs {
		how := "later"
		if h.watched {
			how = "watchdog"
		}
		t.Run(h.kind+"/"+how, func(t *testing.T) {
			if !h.always && !victim.Full {
				t.Skip("only with EPITAPH_MATRIX=full")
			}
			t.Parallel()
			o := program.Run(t, h.kind+" how="+how)
			o.Exited(t, 1)
			r, err := report.Parse([]byte(o.Stderr))
			if err != nil || r.Layout != "" || len(r.Unknown) != 0 {
				t.Fatalf("%v, layout %q: %v", err, r.Layout, o)
			}
			lines := strings.Split(o.Stderr, "\n")
			top := strings.Join(lines[:min(topLines, len(lines))], "\n")
			for _, want := range h.wanted {
				if !strings.Contains(top, want) {
					t.Errorf("the first lines do not have %s:\n%s", want, top)
				}
			}
		})
	}
}
