//go:build linux && amd64 && !go1.28

package gort

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"sync/atomic"
	"unsafe"
)

// Bits of runtime.traceback_cache (runtime/runtime1.go).
const (
	tracebackCrash = 1
	tracebackAll   = 2
	tracebackShift = 2
)

// TracebackWord returns the address of runtime.traceback_cache, a uint32 that
// holds the level of GOTRACEBACK and, in bit 0, whether the runtime's fatal
// errors end in SIGABRT instead of exit(2). The runtime reads and writes it
// atomically.
//
// The variable may be named neither by linkname nor by assembly. Its address is
// read off the one XCHG of debug.SetTraceback, and the function is called to
// see whether it changes what is there. The word is the same afterwards.
func TracebackWord() (uintptr, error) {
	set := debug.SetTraceback
	entry, text := body(uintptr(code(unsafe.Pointer(&set))))
	found := swapped(entry, text, opExchange)
	if len(found) != 1 || found[0]%4 != 0 || !isVariable(found[0], 4) {
		return 0, fmt.Errorf("gort: runtime.traceback_cache not found: %d exchanges in debug.SetTraceback", len(found))
	}
	word := *(**uint32)(unsafe.Pointer(&found[0]))
	old := atomic.LoadUint32(word)
	for _, level := range levelsOf(old) {
		// The call puts the bit back as it was.
		atomic.StoreUint32(word, old^tracebackCrash)
		debug.SetTraceback(level)
		changed := atomic.LoadUint32(word)
		atomic.StoreUint32(word, old)
		if changed == old {
			return found[0], nil
		}
	}
	return 0, fmt.Errorf("gort: runtime.traceback_cache: SetTraceback does not make %#x there", old)
}

// levelsOf returns levels of which debug.SetTraceback may make WORD. What the
// environment had set stays set, whatever the level; and in a library that C
// loads the bit is always set.
func levelsOf(word uint32) (levels []string) {
	switch level := word >> tracebackShift; {
	case word&tracebackAll != 0:
		levels = []string{strconv.Itoa(int(level))}
	case level < 2:
		levels = []string{[...]string{"none", "single"}[level]}
	}
	if word&tracebackCrash != 0 {
		levels = append(levels, "crash")
	}
	return levels
}

// body returns the code of the function that begins at entry.
func body(entry uintptr) (uintptr, []byte) {
	const step, most = 16, 2048
	n := uintptr(step)
	for ; n < most; n += step {
		if f := runtime.FuncForPC(entry + n); f == nil || f.Entry() != entry {
			break
		}
	}
	return entry, unsafe.Slice(*(**byte)(unsafe.Pointer(&entry)), n)
}

// relative finds the instructions OPCODE of 64 bits with an operand relative to
// RIP, and returns what they refer to. Bytes that only look like one add what
// the checks have to rule out.
func relative(entry uintptr, text []byte, opcode byte) (addresses []uintptr) {
	for i := 0; i+7 <= len(text); i++ {
		if text[i]&^4 == 0x48 && text[i+1] == opcode && text[i+2]&0xc7 == 5 {
			offset := *(*int32)(unsafe.Pointer(&text[i+3]))
			addresses = append(addresses, entry+uintptr(i+7)+uintptr(offset))
		}
	}
	return addresses
}

// Opcodes for relative.
const (
	opLoad  = 0x8b // MOVQ memory, register
	opStore = 0x89 // MOVQ register, memory
	opLea   = 0x8d // LEAQ memory, register
)

// swapped returns what is changed atomically in a function: LEAQ x(IP), R with the
// instruction OPCODE R', (R) right behind it.
func swapped(entry uintptr, text []byte, opcode string) (addresses []uintptr) {
	for i := 0; i+8+len(opcode) <= len(text); i++ {
		lea := text[i] == 0x48 && text[i+1] == opLea && text[i+2]&0xc7 == 5
		register := text[i+2] >> 3 & 7
		if lea && string(text[i+7:i+7+len(opcode)]) == opcode && text[i+7+len(opcode)]&0xc7 == register {
			addresses = append(addresses, relative(entry+uintptr(i), text[i:i+7], opLea)...)
		}
	}
	return addresses
}

// Opcodes for swapped.
const (
	opExchange     = "\x87"                             // XCHGL
	opExchangeByte = "\x86"                             // XCHGB
	opExchangeAdd  = "\xf0\x0f\xc1"                     // LOCK XADDL
	opLock         = "\xbe\x01\x00\x00\x00\xf0\x0f\xb1" // MOVL $1, SI; LOCK CMPXCHGL SI
)

// called returns the address of a function that the one at entry calls.
func called(entry uintptr, name string) (uintptr, error) {
	_, text := body(entry)
	for i := 0; i+5 <= len(text); i++ {
		if text[i] != 0xe8 {
			continue
		}
		offset := *(*int32)(unsafe.Pointer(&text[i+1]))
		target := entry + uintptr(i+5) + uintptr(offset)
		if f := runtime.FuncForPC(target); f != nil && f.Entry() == target && f.Name() == name {
			return target, nil
		}
	}
	return 0, fmt.Errorf("gort: no call of %s where one is expected", name)
}

// backlogSize is len(runtime.printBacklog).
const backlogSize = 512

// PrintBacklog returns the addresses of runtime.printBacklog, [512]byte, and of
// runtime.printBacklogIndex, an int: the ring in which the runtime keeps what it
// prints while nothing is panicking (runtime/print.go, recordForPanic). The
// message of a fatal error is the last of it, which debug.SetCrashOutput's file
// does not get.
//
// The way there is that of a print statement, call by call, each known by the
// name of its function. What runtime.Stack prints goes through the ring as well,
// which tells whether the addresses are right.
func PrintBacklog() (backlog, index uintptr, err error) {
	statement := printed
	at := uintptr(code(unsafe.Pointer(&statement)))
	for _, name := range []string{"runtime.printstring", "runtime.gwrite", "runtime.recordForPanic"} {
		if at, err = called(at, name); err != nil {
			return 0, 0, err
		}
	}
	entry, text := body(at)
	stores := relative(entry, text, opStore)
	for _, index := range relative(entry, text, opLoad) {
		if !slices.Contains(stores, index) || !isVariable(index, 8) {
			continue
		}
		for _, backlog := range relative(entry, text, opLea) {
			if !isVariable(backlog, backlogSize) {
				continue
			}
			// On a goroutine whose stack is short: its text has to be whole.
			found := make(chan bool)
			go func() { found <- holdsWhatIsPrinted(backlog, index) }()
			if <-found {
				return backlog, index, nil
			}
		}
	}
	return 0, 0, errors.New("gort: runtime.printBacklog not found: unknown code in runtime.recordForPanic")
}

// printed is here for its code only.
//
//go:noinline
func printed(s string) { print(s) }

// holdsWhatIsPrinted compares the ring with what was just printed. Somebody else
// may print at the same time.
func holdsWhatIsPrinted(backlog, index uintptr) bool {
	ring, next := *(**[backlogSize]byte)(unsafe.Pointer(&backlog)), *(**int)(unsafe.Pointer(&index))
	var stack [8 * backlogSize]byte
	for range 3 {
		n := runtime.Stack(stack[:], false)
		end := *next
		if n == len(stack) || uint(end) >= backlogSize {
			continue
		}
		i := 0
		for i < min(n, backlogSize) && ring[(end-1-i+backlogSize)%backlogSize] == stack[n-1-i] {
			i++
		}
		if i == min(n, backlogSize) {
			return true
		}
	}
	return false
}
