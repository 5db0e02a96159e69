//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package terminal

import (
	"os"
	"syscall"
	"unsafe"
)

// Is reports whether a file is a terminal. It asks for the terminal's modes, which no other device has. Fd would
// make the file blocking.
func Is(f *os.File) bool {
	conn, err := f.SyscallConn()
	if err != nil {
		return false
	}
	is := false
	err = conn.Control(func(fd uintptr) {
		// The structure has 36 bytes on Linux, 72 on Darwin.
		var modes [256]byte
		_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, getModes, uintptr(unsafe.Pointer(&modes)))
		is = errno == 0
	})
	return err == nil && is
}
