//go:build linux && (amd64 || arm64) && cgo

package regress

import "testing"

// Closing any descriptor of a file drops all record locks that the process has on it: the
// core's duplicates of its output are not closed.
func TestRecordLocksOfTheOutput(t *testing.T) {
	t.Parallel()
	o := program.Run(t, "record_lock")
	o.Exited(t, wentOn)
	says(t, o, "before: locked", "Enable: locked", "Enable again: locked", "Register: locked",
		"Register again: locked", "Unregister: locked", "DumpLater: locked", "CancelDumpLater: locked",
		"Dump: locked", "Disable: locked", "the dump is there: true")
}
