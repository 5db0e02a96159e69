package handler

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/epitaph-go/epitaph/internal/engine/config"
)

// DefaultTermination is the file from which Kubernetes takes the termination message of a
// container, unless its terminationMessagePath says otherwise.
const DefaultTermination = config.DefaultTermination

// WithTermination writes a short report to the termination log of a Kubernetes
// container: the sentence, the cause and the innermost frames. "kubectl describe pod"
// shows it under Last State, and the pod's status has it as
// lastState.terminated.message, without a log collector. The path is
// [DefaultTermination] unless one is given; an empty path turns it off.
//
// It is on by default if that file is a regular file that can be written to and the
// environment has KUBERNETES_SERVICE_HOST.
//
// The text is one write of at most 4096 bytes, which is what Kubernetes reads. What the
// program has written to the file counts, but the report has at least 1 KiB. A long
// stack has its first 12 frames and its last 4. A panic or fatal error is written too,
// with Go's message and the goroutine that died, even if no other place gets a report of
// it. The text ends with "End of report (headline, ...)", and package report parses it.
// A forked child that has not called exec writes none.
//
// [Enable] opens the file and never creates it. If a path was given and the file cannot
// be used, Enable returns an error and enables everything else. If Enable found the file
// itself, it goes without, and reports say so.
func WithTermination(path ...string) Option {
	return forCalls(config.CallEnable, "WithTermination", func(c *config.Config) error {
		file := DefaultTermination
		switch len(path) {
		case 0:
		case 1:
			file = path[0]
		default:
			return errors.New("epitaph: WithTermination: more than one path")
		}
		c.Termination, c.TerminationSet = "", true
		if file == "" {
			return nil
		}
		abs, err := filepath.Abs(file)
		if err != nil {
			return fmt.Errorf("epitaph: WithTermination: %w", err)
		}
		if err := engine.CheckTermination(abs); err != nil {
			return refuse(c, fmt.Errorf("epitaph: WithTermination: %w", err))
		}
		c.Termination = abs
		return nil
	})
}

// A Format is how a report or a dump is written: see [WithFormat].
type Format int

// The formats.
const (
	Text Format = iota // the lines that package report describes
	JSON               // one line, an object of JSON
)

// String is the format's name: "text" or "json".
func (f Format) String() string {
	switch f {
	case Text:
		return "text"
	case JSON:
		return "json"
	}
	return fmt.Sprintf("Format(%d)", int(f))
}

// WithFormat sets how a report or a dump is written to standard error or to the file of
// [WithOutput]. The default is [Text]. With [JSON] it is one line, for programs whose
// logs are JSON: a flat object whose member "exception.stacktrace" is the whole text.
// The other members have the names of OpenTelemetry, as in report.Record:
//
//	timestamp, severity_text, severity_number, body
//	exception.type, exception.message                of a crash
//	process.pid, process.executable.name, process.executable.path, process.runtime.name
//	thread.id, thread.name, host.name
//	epitaph.kind, epitaph.signal.name, epitaph.signal.number, epitaph.incomplete
//
// What only a parser of the text can tell, as the signature, is not among them:
// report.Scanner finds the report in such a line, and report.Record has all members.
//
// A file of [WithDir] has the text in any case, and the line takes the place of the
// short report. A panic or fatal error gets a line too, after what Go prints on standard
// error.
//
// The line is written in pieces of at most 4096 bytes, so that a report that is cut
// short shows how far it came. Output of other threads may stand between them.
func WithFormat(f Format) Option {
	return forCalls(config.CallAny, "WithFormat", func(c *config.Config) error {
		if f != Text && f != JSON {
			return fmt.Errorf("epitaph: WithFormat: there is no format %d", int(f))
		}
		c.JSON = f == JSON
		return nil
	})
}

// WithMaxReports limits the files in the directory of [WithDir] to n, so that a program that
// crashes again and again does not fill the disk. [Enable] counts the
// reports of this program in the directory, of all hosts. If there are n or more, a crash is
// reported where it would be without WithDir, with a note. No file is removed: the first
// crash says more than the hundredth. Processes that start at the same moment count the same
// files. By default there is no limit.
func WithMaxReports(n int) Option {
	return forCalls(config.CallEnable, "WithMaxReports", func(c *config.Config) error {
		if n < 1 {
			return fmt.Errorf("epitaph: WithMaxReports: %d is not positive", n)
		}
		c.MaxReports = n
		return nil
	})
}
