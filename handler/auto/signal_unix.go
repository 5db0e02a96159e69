//go:build unix

package auto

import (
	"errors"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// signalNumber reads "USR1" or "SIGUSR1".
func signalNumber(value string) (syscall.Signal, error) {
	name := strings.ToUpper(value)
	if number := unix.SignalNum("SIG" + strings.TrimPrefix(name, "SIG")); number != 0 {
		return number, nil
	}
	return 0, errors.New("not a signal such as USR1")
}
