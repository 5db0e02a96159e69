//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package ship

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lock takes the lock that a file is; the kernel releases it when this process ends,
// however it does.
func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("ship: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errors.New("ship: another process is sending from this directory")
		}
		return nil, fmt.Errorf("ship: %s: %w", path, err)
	}
	return func() { f.Close() }, nil
}
