//go:build !unix

package auto

import (
	"errors"
	"syscall"
)

func signalNumber(string) (syscall.Signal, error) {
	return 0, errors.New("this system has no signals to register")
}
