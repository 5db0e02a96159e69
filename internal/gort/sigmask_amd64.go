//go:build linux && amd64 && !go1.28

package gort

import (
	"errors"
	"slices"
	"unsafe"
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

// SignalMasks returns the addresses of two bit masks of the runtime, each of
// three uint32, signal N being bit N%32 of word N/32: the signals that
// somebody has asked for by signal.Notify, and those that signal.Ignore was
// called for.  Both change at any time and are read atomically, from a signal
// handler, too.
//
// They are read off the instructions that use them: three functions have to
// agree on the two addresses, and the bits have to agree with what
// signal_ignored says.  Otherwise there is an error and no answer.
func SignalMasks() (wanted, ignored uintptr, err error) {
	disable, enable, isIgnored := signal_disable, signal_enable, signal_ignored
	inEnable := addressesIn(code(unsafe.Pointer(&enable)))
	inDisable := addressesIn(code(unsafe.Pointer(&disable)))
	for _, ignored = range addressesIn(code(unsafe.Pointer(&isIgnored))) {
		// struct { …; wanted, ignored [maskWords]uint32; … }
		wanted = ignored - maskWords*4
		if !slices.Contains(inEnable, wanted) || !slices.Contains(inEnable, ignored) ||
			!slices.Contains(inDisable, wanted) || !isVariable(wanted, 2*maskWords*4) {
			continue
		}
		if !agreesWithRuntime(ignored) {
			return 0, 0, errors.New("gort: runtime.sig.ignored is not what signal_ignored reads")
		}
		return wanted, ignored, nil
	}
	return 0, 0, errors.New("gort: runtime.sig not found: unknown code in signal_enable")
}

// code is the address of the first instruction of the func value at f.
func code(f unsafe.Pointer) unsafe.Pointer {
	return **(**unsafe.Pointer)(f)
}

// addressesIn returns what LEAQ instructions relative to RIP refer to in the
// function at code.  Bytes that only look like such an instruction add
// addresses that the functions do not share.
func addressesIn(code unsafe.Pointer) (addresses []uintptr) {
	// The longest of the three functions has 128 bytes; text goes on.
	text := unsafe.Slice((*byte)(code), 128)
	for i := 0; i+7 <= len(text); i++ {
		if text[i]&^4 == 0x48 && text[i+1] == 0x8d && text[i+2]&0xc7 == 5 {
			offset := *(*int32)(unsafe.Pointer(&text[i+3]))
			addresses = append(addresses, uintptr(code)+uintptr(i+7)+uintptr(offset))
		}
	}
	return addresses
}

func agreesWithRuntime(ignored uintptr) bool {
	mask := *(**[maskWords]uint32)(unsafe.Pointer(&ignored))
	for s := range uint32(maskWords * 32) {
		if signal_ignored(s) != (mask[s/32]>>(s%32)&1 != 0) {
			return false
		}
	}
	return true
}
