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

// WithTermination writes a short report to the termination log of a Kubernetes container:
// what crashed and why, and the innermost frames. "kubectl describe pod" shows it under Last
// State, and the pod's status has it as lastState.terminated.message, without any collector
// of logs. The path is [DefaultTermination] unless it is given; an empty path turns it off.
//
// It is on by itself where that file is a regular file that can be written to and the
// environment has KUBERNETES_SERVICE_HOST.
//
// The text is in one write of at most 4096 bytes, which is what Kubernetes reads; what the
// program has written there counts, but for a kilobyte that the report has in any case. A
// long stack has its first 12 frames and its last 4; of a panic there are Go's message and
// the goroutine that died. It ends with "End of report (headline, ...)", and package report
// reads it. It is written for panics and fatal errors too, whose report is nowhere else without
// [WithDir] and the like. A forked child that has not called exec writes none.
//
// Enable opens the file, and never creates it. If it cannot be used, that is the error of
// Enable, which enables all else. The core's descriptor stays open for as long as
// Epitaph is enabled.
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
