//go:build cgo && linux && (amd64 || arm64)

package engine

import (
	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/cgo"
	"github.com/epitaph-go/epitaph/internal/gort/vars"
)

// crashOutput is the descriptor that Go writes a copy of its last words to, for
// the report; vars.NoCrashFD while it has none of ours. It changes under mu, and
// by the snapshotter, which does not run while mu is held by enable or disable.
//
// Go has one such descriptor. A program that calls debug.SetCrashOutput itself
// keeps it, whether it does so before Enable or afterwards; the report has the
// message then, and not the rest of Go's text.
var crashOutput = vars.NoCrashFD

func takeCrashOutput() {
	checkCrashOutput()
	if crashOutput != vars.NoCrashFD {
		return
	}
	fd, err := cgo.OpenGoText()
	if err != nil {
		return
	}
	theirs := vars.SetCrashFD(fd)
	if theirs == vars.NoCrashFD {
		crashOutput = fd
		return
	}
	vars.SetCrashFD(theirs)
	unix.Close(int(fd))
}

func leaveCrashOutput() {
	checkCrashOutput()
	fd := crashOutput
	crashOutput = vars.NoCrashFD
	if fd == vars.NoCrashFD {
		return
	}
	if now := vars.SetCrashFD(vars.NoCrashFD); now != fd && now != vars.NoCrashFD {
		vars.SetCrashFD(now) // the program's, which has closed ours
		return
	}
	unix.Close(int(fd))
}

// checkCrashOutput gives the descriptor up when it is not ours any more. Either
// the program called debug.SetCrashOutput, which closes the one before; or it
// closed descriptors that it does not know (closefrom), and Go would write to
// whatever file has the number now.
func checkCrashOutput() {
	fd := crashOutput
	if fd == vars.NoCrashFD || cgo.IsGoText(fd) {
		return
	}
	crashOutput = vars.NoCrashFD
	if now := vars.SetCrashFD(vars.NoCrashFD); now != fd && now != vars.NoCrashFD {
		vars.SetCrashFD(now)
	}
}
