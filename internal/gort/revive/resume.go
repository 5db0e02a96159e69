//go:build linux && (amd64 || arm64)

package revive

// resume is what a goroutine does that goes on at ResumeAt's address. It is a
// variable because assembly cannot call a closure; set once.
var resume func()

// ResumeAt returns the address at which a goroutine that has been interrupted in a
// function without a frame can be made to go on, as if its caller had called f
// instead: by the assembly's calling convention (ABI0), which takes nothing from
// registers but the stack pointer, and g from the thread's storage. f must not
// return. There is one f for a process: that of the first call.
func ResumeAt(f func()) uintptr {
	if resume == nil {
		resume = f
	}
	return resumedEntry()
}

// resumedEntry returns the address of resumed's wrapper for ABI0.
func resumedEntry() uintptr

//lint:ignore U1000 assembly takes its address
func resumed() { resume() }
