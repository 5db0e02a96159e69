package handler_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/handler"
)

// Every mistake is an error that names the call or the option, and changes nothing; but
// that a place cannot be used does not keep Enable from its work.
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
		{dump(nil), "epitaph: an Option is nil"},
		{dump(handler.WithOutput(nil)), "epitaph: WithOutput: the file is nil"},
		{dump(handler.WithOutput(closed)), "epitaph: WithOutput: "},
		{register(syscall.SIGINT, handler.WithOutput(closed)), "epitaph: WithOutput: "},
		{dump(handler.WithDeadline(0)), "epitaph: WithDeadline: 0s is not positive"},
		{register(syscall.SIGINT, handler.WithDeadline(-time.Second)), "epitaph: WithDeadline: -1s is not positive"},
		{native(handler.WithMaxFrames(handler.MaxFrames + 1)), "epitaph: WithMaxFrames: 257 is more than the 256 that are kept"},
		{dump(handler.WithDeadline(time.Hour)), "epitaph: WithDeadline: 1h0m0s is more than 10m0s"},
		{dump(handler.WithFormat(9)), "epitaph: WithFormat: there is no format 9"},
		{native(handler.WithMaxFrames(0)), "epitaph: WithMaxFrames: 0 is not positive"},
		{dump(handler.WithMaxThreads(-1)), "epitaph: WithMaxThreads: -1 is not positive"},
		{enable(handler.WithMaxThreads(0)), "epitaph: WithMaxThreads: 0 is not positive"},
		{enable(handler.WithThreadSignal(9)), "epitaph: WithThreadSignal: 9 is not from 35 to 64"},
		{enable(handler.WithSnapshot(-1)), "epitaph: WithSnapshot: -1ns is negative"},
		{enable(handler.WithSymbolBudget(-1)), "epitaph: WithSymbolBudget: -1 is negative"},
		{enable(handler.WithDebugDirs("/usr/lib/debug", "debug")), `epitaph: WithDebugDirs: "debug" is not an absolute path`},
		{enable(handler.WithSymbolCache("cache")), `epitaph: WithSymbolCache: "cache" is not an absolute path`},
		{dump(handler.WithSymbolBudget(1)), "epitaph: Dump does not take WithSymbolBudget"},
		{enable(handler.WithPoll(-1)), "epitaph: WithPoll: -1ns is negative"},
		{enable(handler.WithDir("")), "epitaph: WithDir: the path is empty"},
		{enable(handler.WithBlackBox("")), "epitaph: WithBlackBox: the path is empty"},
		{enable(handler.WithOnCrash(nil)), "epitaph: WithOnCrash: the function is nil"},
		{enable(handler.WithOnCrashResume()), "epitaph: WithOnCrashResume needs WithOnCrash"},
		{enable(handler.WithInterrupt()), "epitaph: Enable does not take WithInterrupt"},
		{dump(handler.WithChain()), "epitaph: Dump does not take WithChain"},
		{dump(handler.WithDir("/")), "epitaph: Dump does not take WithDir"},
		{dump(handler.WithBlackBox("x")), "epitaph: Dump does not take WithBlackBox"},
		{dump(handler.WithPoll(0)), "epitaph: Dump does not take WithPoll"},
		{native(handler.WithOneThread()), "epitaph: DumpNative does not take WithOneThread"},
		{native(handler.WithGoFramesOnly()), "epitaph: DumpNative does not take WithGoFramesOnly"},
		{dump(handler.WithNoFork()), "epitaph: Dump does not take WithNoFork"},
		{native(handler.WithAllThreads(true)), "epitaph: DumpNative does not take WithAllThreads"},
		{native(handler.WithNativeStack(false)), "epitaph: DumpNative does not take WithNativeStack"},
		{dump(handler.WithPanicCopy(false)), "epitaph: Dump does not take WithPanicCopy"},
		{register(syscall.SIGINT, handler.WithSnapshot(1)), "epitaph: Register does not take WithSnapshot"},
		{register(syscall.SIGINT, handler.WithThreadSignal(50)), "epitaph: Register does not take WithThreadSignal"},
		{register(syscall.SIGSEGV), "epitaph: Register: signal 11 (segmentation fault) is a fatal signal, use Enable"},
		{register(syscall.SIGKILL), "epitaph: Register: signal 9 (killed) cannot be handled"},
		{register(syscall.Signal(0)), "epitaph: Register: signal number 0 is out of range"},
		{register(syscall.Signal(1000)), "epitaph: Register: signal number 1000 is out of range"},
		{register(otherSignal{}), "epitaph: Register: other is not a syscall.Signal"},
		{register(nil), "epitaph: Register: <nil> is not a syscall.Signal"},
	} {
		if err := test.call(); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("error %v, want %s", err, test.want)
		}
	}
	if handler.Enabled() || handler.Unregister(syscall.SIGINT) || handler.Unregister(syscall.SIGSEGV) || handler.Unregister(nil) {
		t.Error("a call with an error has changed something")
	}
	for want, opt := range map[string]handler.Option{
		"epitaph: WithOutput: ": handler.WithOutput(closed),
		"epitaph: WithDir: ":    handler.WithDir(filepath.Join(t.TempDir(), "none")),
	} {
		err := handler.Enable(opt)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
		if enabled := handler.Disable(); enabled == errors.Is(err, handler.ErrNoNative) {
			t.Errorf("enabled: %v, with the error %v", enabled, err)
		}
	}
}

type otherSignal struct{}

func (otherSignal) Signal()        {}
func (otherSignal) String() string { return "other" }
