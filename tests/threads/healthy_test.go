//go:build linux && amd64 && cgo

package threads

import "testing"

// What is pending survives execve, its handler does not: the signal that a dump has
// asked a thread with must not kill the program that the thread goes on as.
func TestNothingIsPendingAfterExec(t *testing.T) {
	dumps, out := survive(t, "exec")
	if len(dumps) != 1 || dumps[0].Answers.Blocked != 1 {
		t.Errorf("the thread was not asked: %v", out)
	}
	if n, ok := numbers(t, out)["pending"]; !ok || n != 0 {
		t.Errorf("%d signals are pending in the new program: %v", n, out)
	}
}

// A library may set signals back that it has not set. One without a handler is not
// sent.
func TestSignalWithoutItsHandlerIsNotSent(t *testing.T) {
	_, out := survive(t, "reset 4")
	if numbers(t, out)["alive"] != 1 {
		t.Error(out)
	}
}
