//go:build !linux

package crashtest

import (
	"os"
	"syscall"
)

const parentPipe = 3

func prepareChild(o *order) {
	if o.Pipe {
		go dieBehindPipe(parentPipe)
	}
}

func askForDump(p *os.Process)           { p.Kill() }
func clockIsFake() bool                  { return false }
func signalName(s syscall.Signal) string { return s.String() }
