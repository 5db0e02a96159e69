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

// What the first lines have to name, and the last ones: the function that waits, and for what.
var hangs = []struct {
	kind     string
	wanted   []string // in the first lines
	sentence []string // parts of it, in the last ones
	always   bool     // not only with EPITAPH_MATRIX=full
	watched  bool     // by a watchdog; else by DumpLater
}{
	{"mutex", []string{"[sync.Mutex.Lock]", "main.mutex"}, []string{"in main.mutex (main.go:68)", ": sync.Mutex.Lock"}, true, false},
	{"mutex", []string{"[sync.Mutex.Lock]", "main.mutex", "Note: watchdog: no heartbeat for "}, []string{"in main.mutex (main.go:68)", ": sync.Mutex.Lock"}, true, true},
	{"rlock", []string{"[sync.RWMutex.RLock]", "main.rlock"}, []string{"in main.rlock (main.go:69)", ": sync.RWMutex.RLock"}, false, false},
	{"wlock", []string{"[sync.RWMutex.Lock]", "main.wlock"}, []string{"in main.wlock (main.go:70)", ": sync.RWMutex.Lock"}, false, true},
	{"deadlock", []string{"[sync.Mutex.Lock]", "main.first"}, []string{"in main.first (main.go:111)", ": sync.Mutex.Lock, 2 goroutines"}, true, true},
	{"nilsend", []string{"[chan send (nil chan)]", "main.nilsend"}, []string{"in main.nilsend (main.go:71)", ": chan send (nil chan)"}, false, false},
	{"nilreceive", []string{"[chan receive (nil chan)]", "main.nilreceive"}, []string{"in main.nilreceive (main.go:72)", ": chan receive (nil chan)"}, false, true},
	{"nothing", []string{"[select (no cases)]", "main.nothing"}, []string{"in main.nothing (main.go:73)", ": select (no cases)"}, false, false},
	{"send", []string{"[chan send]", "main.send"}, []string{"in main.send (main.go:74)", ": chan send"}, false, false},
	{"receive", []string{"[chan receive]", "main.receive"}, []string{"in main.receive (main.go:75)", ": chan receive"}, true, false},
	{"choice", []string{"[select]", "main.choice"}, []string{"in main.choice (main.go:85)", ": select"}, false, true},
	{"group", []string{"[sync.WaitGroup.Wait]", "main.group"}, []string{"in main.group (main.go:76)", ": sync.WaitGroup.Wait"}, false, false},
	{"condition", []string{"[sync.Cond.Wait]", "main.condition"}, []string{"in main.condition (main.go:77)", ": sync.Cond.Wait"}, false, false},
	{"spin", []string{"main.spin"}, []string{"in main.spin"}, false, true},
	{"cmutex", []string{"main._Cfunc_hang_mutex", "main.cmutex"}, []string{"in hang_mutex", ", called from main.cmutex (main.go:78): pthread_mutex_lock"}, true, false},
	{"cmutex", []string{"main._Cfunc_hang_mutex", "main.cmutex"}, []string{"in hang_mutex", ", called from main.cmutex (main.go:78): pthread_mutex_lock"}, false, true},
	{"ccondition", []string{"main._Cfunc_hang_condition", "main.ccondition"}, []string{"in hang_condition", ", called from main.ccondition (main.go:79): pthread_cond_wait"}, false, false},
	{"cread", []string{"main._Cfunc_hang_read", "main.cread"}, []string{"in hang_read", ", called from main.cread (main.go:80): read"}, true, true},
	{"csleep", []string{"main._Cfunc_hang_sleep", "main.csleep"}, []string{"in hang_sleep", ", called from main.csleep (main.go:81): "}, false, false},
	{"cspin", []string{"main._Cfunc_hang_spin", "main.cspin"}, []string{"in hang_spin", ", called from main.cspin (main.go:82): running"}, false, true},
}

const topLines, bottomLines = 20, 3

// TestTheAnswerComesFirst: the first 20 lines name what the program hangs in. And last: so
// does the end line, in the sentence that package report makes of the text.
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
			if err != nil || r.Layout != "" || len(r.Unknown) != 0 || !r.Complete() {
				t.Fatalf("%v, layout %q: %v", err, r.Layout, o)
			}
			lines := strings.Split(strings.TrimSuffix(o.Stderr, "\n"), "\n")
			top := strings.Join(lines[:min(topLines, len(lines))], "\n")
			for _, want := range h.wanted {
				if !strings.Contains(top, want) {
					t.Errorf("the first lines do not have %s:\n%s", want, top)
				}
			}
			bottom := strings.Join(lines[len(lines)-min(bottomLines, len(lines)):], "\n")
			for _, want := range h.sentence {
				if !strings.Contains(bottom, want) {
					t.Errorf("the last lines do not have %s:\n%s", want, bottom)
				}
			}
			if sentence := r.Summary(); r.End.Sentence != sentence {
				t.Errorf("the sentence is\n%s, of the text\n%s\n%s", r.End.Sentence, sentence, o.Stderr)
			}
		})
	}
}
