package terminal

import (
	"os"
	"syscall"
)

// Is reports whether a file is a terminal. It asks for the console's mode, which no other file has.
func Is(f *os.File) bool {
	var mode uint32
	return syscall.GetConsoleMode(syscall.Handle(f.Fd()), &mode) == nil
}
