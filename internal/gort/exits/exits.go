//go:build linux && (amd64 || arm64) && !go1.28

package exits

import (
	"errors"
	"os"
	"runtime"
	"slices"
	"sync/atomic"
	"unsafe"

	"github.com/epitaph-go/epitaph/internal/gort/scan"
)

// Run returns the address of exithook.Run, which every exit calls.
func Run() (uintptr, error) {
	exit := os.Exit
	at, err := scan.Called(scan.Entry(unsafe.Pointer(&exit)), "os.runtime_beforeExit")
	if err != nil {
		return 0, err
	}
	return scan.Called(at, "internal/runtime/exithook.Run")
}

// Locked returns the address of exithook.locked, an int32, which is 1 while the hooks run
// or one is added; run is what Run returns.
func Locked(run uintptr) (uintptr, error) {
	locked := scan.Body(run).Locked()
	if len(locked) != 1 || !scan.IsVariable(locked[0], 4) || locked[0]%4 != 0 {
		return 0, errors.New("gort/exits: exithook.locked not found: unknown code in exithook.Run")
	}
	return locked[0], nil
}

// A hook is a copy of exithook.Hook.
type hook struct {
	f            func()
	runOnFailure bool
}

// most is more hooks than any program has. The standard library adds one, in programs
// that are built for coverage.
const most = 64

// findHooks returns exithook.hooks. Run looks at its length first of all.
func findHooks(run uintptr) (*[]hook, error) {
	lengths := scan.Body(run).Tested()
	if len(lengths) != 1 {
		return nil, errors.New("gort/exits: exithook.hooks not found: unknown code in exithook.Run")
	}
	at := lengths[0] - unsafe.Sizeof(uintptr(0))
	if !scan.IsVariable(at, unsafe.Sizeof([]hook{})) || at%8 != 0 {
		return nil, errors.New("gort/exits: unknown code in exithook.Run: what it refers to is no slice")
	}
	words := *(**[3]uintptr)(unsafe.Pointer(&at))
	if words[1] > words[2] || words[2] > most || (words[0] == 0) != (words[2] == 0) {
		return nil, errors.New("gort/exits: unknown code in exithook.Run: what it refers to is no slice of hooks")
	}
	return *(**[]hook)(unsafe.Pointer(&at)), nil
}

// RunLast has f called when the process is about to exit, whatever the status, after all
// other hooks: the one that was added first is called last. What f takes the process
// lives on. It may be called on any goroutine, and must not exit. It is not called after
// syscall.Exit and the like, nor when Go dies. An error says that the runtime's code is
// not the one that is known. It is for a healthy process.
func RunLast(f func()) error {
	return withHooks(func(hooks *[]hook) {
		*hooks = append([]hook{{f, true}}, *hooks...)
	})
}

// withHooks calls do with exithook.hooks, while no other goroutine adds to them or exits.
func withHooks(do func(hooks *[]hook)) error {
	run, err := Run()
	if err != nil {
		return err
	}
	at, err := Locked(run)
	if err != nil {
		return err
	}
	locked := *(**int32)(unsafe.Pointer(&at))
	for !atomic.CompareAndSwapInt32(locked, 0, 1) {
		runtime.Gosched()
	}
	defer atomic.StoreInt32(locked, 0)
	hooks, err := findHooks(run)
	if err == nil {
		do(hooks)
	}
	return err
}

// Added returns the hooks that have been added until now, in the order in which an exit
// calls them. Nothing is called. An error says that the runtime's code is not the one
// that is known. It is for a healthy process.
func Added() (list []func(), err error) {
	err = withHooks(func(hooks *[]hook) {
		for _, h := range slices.Backward(*hooks) {
			list = append(list, h.f)
		}
	})
	return list, err
}
