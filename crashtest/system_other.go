//go:build !linux

package crashtest

import (
	"os"
	"os/exec"
	"syscall"
)

const parentPipe = 3

func prepareChild(o *order) {
	if o.Pipe {
		watchParent(parentPipe)
	}
}

func ownGroup(*exec.Cmd)                 {}
func killGroup(p *os.Process)            { p.Kill() }
func waitGroup(cmd *exec.Cmd) error      { return cmd.Wait() }
func askForDump(p *os.Process)           { p.Kill() }
func clockIsFake() bool                  { return false }
func signalName(s syscall.Signal) string { return s.String() }
