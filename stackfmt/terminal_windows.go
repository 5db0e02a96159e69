package stackfmt

import (
	"os"
	"syscall"
)

// isTerminal asks for the console's mode, which no other file has.
func isTerminal(f *os.File) bool {
	var mode uint32
	return syscall.GetConsoleMode(syscall.Handle(f.Fd()), &mode) == nil
}
