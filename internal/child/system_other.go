//go:build !linux

package child

import (
	"os"
	"os/exec"
)

func ownGroup(*exec.Cmd)      {}
func killGroup(p *os.Process) { p.Kill() }

// awaitEnd leaves that to Cmd.Wait. os.Process.Kill does nothing to a process that was
// waited for.
func awaitEnd(*os.Process) bool { return false }
