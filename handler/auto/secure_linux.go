package auto

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// atSecure is AT_SECURE of linux/auxvec.h: the kernel's word on whether execve
// gave the process rights that its caller does not have. glibc's secure_getenv
// asks the same.
const atSecure = 23

func secure() bool {
	vector, err := unix.Auxv()
	if err != nil {
		return otherIDs()
	}
	for _, entry := range vector {
		if entry[0] == atSecure {
			return entry[1] != 0
		}
	}
	return otherIDs()
}

func otherIDs() bool {
	return syscall.Getuid() != syscall.Geteuid() || syscall.Getgid() != syscall.Getegid()
}
