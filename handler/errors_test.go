package handler_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/handler"
)

// Every mistake is an error that names the call or the option, and changes nothing.
func TestErrors(t *testing.T) {
	closed, err := os.Create(filepath.Join(t.TempDir(), "closed"))
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	dump := func(opts ...handler.Option) func() error { return func() error { return handler.Dump(opts...) } }
	native := func(opts ...handler.Option) func() error {
		return func() error { return handler.DumpNative(opts...) }
	}
	enable := func(opts ...handler.Option) func() error { return func() error { return handler.Enable(opts...) } }
	register := func(sig os.Signal, opts ...handler.Option) func() error {
		return func() error { return handler.Register(sig, opts...) }
	}
	for _, test := range []struct {
		call func() error
		want string // the start
	}{
		{dump(nil), "handler: an Option is nil"},
		{dump(handler.WithOutput(nil)), "handler: WithOutput: the file is nil"},
		{dump(handler.WithOutput(closed)), "handler: WithOutput: "},
		{enable(handler.WithOutput(closed)), "handler: WithOutput: "},
		{register(syscall.SIGINT, handler.WithOutput(closed)), "handler: WithOutput: "},
		{dump(handler.WithDeadline(0)), "handler: WithDeadline: 0s is not positive"},
		{register(syscall.SIGINT, handler.WithDeadline(-time.Second)), "handler: WithDeadline: -1s is not positive"},
		{native(handler.WithMaxFrames(0)), "handler: WithMaxFrames: 0 is not positive"},
		{dump(handler.WithMaxThreads(-1)), "handler: WithMaxThreads: -1 is not positive"},
		{enable(handler.WithMaxThreads(0)), "handler: WithMaxThreads: 0 is not positive"},
		{enable(handler.WithThreadSignal(9)), "handler: WithThreadSignal: 9 is not from 35 to 64"},
		{enable(handler.WithSnapshot(-1)), "handler: WithSnapshot: -1ns is negative"},
		{enable(handler.WithPoll(-1)), "handler: WithPoll: -1ns is negative"},
		{enable(handler.WithDir("")), "handler: WithDir: the path is empty"},
		{enable(handler.WithDir(filepath.Join(t.TempDir(), "none"))), "handler: WithDir: "},
		{enable(handler.WithBlackBox("")), "handler: WithBlackBox: the path is empty"},
		{enable(handler.WithInterrupt()), "handler: Enable: WithInterrupt makes no sense here"},
		{dump(handler.WithChain()), "handler: Dump: WithChain makes no sense here"},
		{dump(handler.WithDir("/")), "handler: Dump: WithDir makes no sense here"},
		{dump(handler.WithBlackBox("x")), "handler: Dump: WithBlackBox makes no sense here"},
		{dump(handler.WithPoll(0)), "handler: Dump: WithPoll makes no sense here"},
		{native(handler.WithAllThreads(true)), "handler: DumpNative: WithAllThreads makes no sense here"},
		{native(handler.WithNativeStack(false)), "handler: DumpNative: WithNativeStack makes no sense here"},
		{register(syscall.SIGINT, handler.WithSnapshot(1)), "handler: Register: WithSnapshot makes no sense here"},
		{register(syscall.SIGINT, handler.WithThreadSignal(50)), "handler: Register: WithThreadSignal makes no sense here"},
		{register(syscall.SIGSEGV), "handler: Register: signal 11 (segmentation fault) is a fatal signal, use Enable"},
		{register(syscall.SIGKILL), "handler: Register: signal 9 (killed) cannot be handled"},
		{register(syscall.Signal(0)), "handler: Register: signal number 0 is out of range"},
		{register(syscall.Signal(1000)), "handler: Register: signal number 1000 is out of range"},
		{register(otherSignal{}), "handler: Register: other is not a syscall.Signal"},
		{register(nil), "handler: Register: <nil> is not a syscall.Signal"},
	} {
		if err := test.call(); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("error %v, want %s", err, test.want)
		}
	}
	if handler.Enabled() || handler.Unregister(syscall.SIGINT) || handler.Unregister(syscall.SIGSEGV) || handler.Unregister(nil) {
		t.Error("a call with an error has changed something")
	}
}

type otherSignal struct{}

func (otherSignal) Signal()        {}
func (otherSignal) String() string { return "other" }
