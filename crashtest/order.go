package crashtest

import (
	"encoding/json"
	"os"
	"strings"
	"time"
)

// orderVariable hands the new process its order. No process that it starts in turn
// has it: init takes it out of the environment.
const orderVariable = "EPITAPH_CRASHTEST"

// An order is what the new process needs to know.
type order struct {
	Test   string // the name of the test whose Run is meant
	Report string // the file for the report
	Maps   string // the file for a list of what is mapped where
	Events string // the file for what the parent is to know of the way
	Limit  time.Duration
	Core   bool // whether a core dump is allowed
	Pipe   bool // descriptor 3 is a pipe that ends with the parent
}

// received is the order of this process; nil in a test's own process.
var received *order

// What the process started with: the new one starts with the same, whatever TestMain
// and the test have changed before Run.
var (
	startDir string
	startEnv []string
)

func init() {
	startDir, _ = os.Getwd()
	text, found := os.LookupEnv(orderVariable)
	os.Unsetenv(orderVariable)
	startEnv = os.Environ()
	if !found {
		return
	}
	received = new(order)
	if err := json.Unmarshal([]byte(text), received); err != nil {
		panic("crashtest: " + orderVariable + ": " + err.Error())
	}
	prepareChild(received)
}

// Child reports whether this is the new process of a [Run]: what TestMain prepares for
// the other tests can be left out there.
func Child() bool { return received != nil }

// dieBehindPipe ends the process when the other end of a pipe is closed, as far as Go runs.
func dieBehindPipe(pipe int) {
	os.NewFile(uintptr(pipe), "parent").Read(make([]byte, 1))
	os.Exit(1)
}

// The events that a child notes, each a line of its own.
const (
	eventReached  = "reached"  // Run was called
	eventReturned = "returned" // the function has returned
	eventGoexit   = "goexit"   // its goroutine has ended
	eventFailed   = "failed"   // by then it had failed the test
	eventOther    = "other"    // another test's Run was called before
	eventNoCore   = "nocore"   // Epitaph does not work here
	eventNoEnable = "noenable" // it should
	eventCoverage = "coverage" // coverage cannot be kept
)

// note writes an event to the parent. Each is one write, which a crash cannot cut.
func (o *order) note(event, text string) {
	f, err := os.OpenFile(o.Events, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		panic("crashtest: " + err.Error())
	}
	f.WriteString(event + " " + strings.ReplaceAll(text, "\n", "; ") + "\n")
	f.Close()
}

// events reads them.
func (o *order) events() map[string]string {
	text, _ := os.ReadFile(o.Events) // there is none if the child has not got that far
	events := make(map[string]string)
	for line := range strings.Lines(string(text)) {
		event, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		events[event] = rest
	}
	return events
}
