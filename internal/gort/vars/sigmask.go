//go:build linux && (amd64 || arm64) && !go1.28

package vars

import (
	"errors"
	"slices"
	"unsafe"

	"github.com/epitaph-go/epitaph/internal/gort/scan"
)

// The functions that os/signal calls (runtime/sigqueue.go).  They are not
// called here but for signal_ignored, which only reads; what is wanted is the
// address of the variable that they share.  The variable itself, runtime.sig,
// may be named neither by linkname nor by assembly, while these may, since the
// runtime pushes them under os/signal's name.  The build constraint keeps a
// release that forbids it from failing at link time.
//
//go:linkname signal_enable os/signal.signal_enable
func signal_enable(uint32)

//go:linkname signal_disable os/signal.signal_disable
func signal_disable(uint32)

//go:linkname signal_ignored os/signal.signal_ignored
func signal_ignored(uint32) bool

// maskWords is len(sig.wanted): (_NSIG + 31) / 32 with _NSIG = 65.
const maskWords = 3

// FindSignalMasks finds them. They are read off the instructions that use them: three functions have to
// agree on the two addresses, and the bits have to agree with what
// signal_ignored says.  Otherwise there is an error and no answer.
func FindSignalMasks() (SignalMasks, error) {
	disable, enable, isIgnored := signal_disable, signal_enable, signal_ignored
	inEnable := addressesIn(unsafe.Pointer(&enable))
	inDisable := addressesIn(unsafe.Pointer(&disable))
	for _, ignored := range addressesIn(unsafe.Pointer(&isIgnored)) {
		// struct { …; wanted, ignored [maskWords]uint32; … }
		wanted := ignored - maskWords*4
		if !slices.Contains(inEnable, wanted) || !slices.Contains(inEnable, ignored) ||
			!slices.Contains(inDisable, wanted) || !scan.IsVariable(wanted, 2*maskWords*4) {
			continue
		}
		if !agreesWithRuntime(ignored) {
			return SignalMasks{}, errors.New("gort/vars: runtime.sig.ignored is not what signal_ignored reads")
		}
		return SignalMasks{wanted, ignored}, nil
	}
	return SignalMasks{}, errors.New("gort/vars: runtime.sig not found: unknown code in signal_enable")
}

// addressesIn returns what the func value at f refers to. Bytes that only look like
// such an instruction add addresses that the functions do not share.
func addressesIn(f unsafe.Pointer) []uintptr { return scan.Body(scan.Entry(f)).Taken() }

func agreesWithRuntime(ignored uintptr) bool {
	mask := *(**[maskWords]uint32)(unsafe.Pointer(&ignored))
	for s := range uint32(maskWords * 32) {
		if signal_ignored(s) != (mask[s/32]>>(s%32)&1 != 0) {
			return false
		}
	}
	return true
}
