package offheap

import (
	"fmt"
	"math"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The pointer forms: those with slices keep a list of all mappings, in which one
// that C takes over and unmaps would stay for ever.

// Alloc returns size zero bytes in pages of their own.
func Alloc(size int) ([]byte, error) {
	if size == 0 {
		return nil, nil
	}
	if size < 0 || size > math.MaxInt64>>16 {
		return nil, errTooLarge
	}
	p, err := unix.MmapPtr(-1, 0, nil, uintptr(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, fmt.Errorf("offheap: %d bytes: %w", size, err)
	}
	return unsafe.Slice((*byte)(p), size), nil
}

// Resize makes memory one of size bytes: what it held is kept, as far as it fits.
// On an error the memory is freed.
func Resize(memory []byte, size int) ([]byte, error) {
	if cap(memory) == 0 {
		return Alloc(size)
	}
	if size == 0 {
		Free(memory)
		return nil, nil
	}
	old := memory[:cap(memory)]
	p, err := unix.MremapPtr(unsafe.Pointer(&old[0]), uintptr(len(old)), nil, uintptr(size), unix.MREMAP_MAYMOVE)
	if err != nil {
		Free(old)
		return nil, fmt.Errorf("offheap: %d bytes: %w", size, err)
	}
	return unsafe.Slice((*byte)(p), size), nil
}

// Free releases what Alloc or Resize returned; nil is nothing.
func Free(memory []byte) {
	if cap(memory) == 0 {
		return
	}
	memory = memory[:cap(memory)]
	// It fails for what is no mapping only.
	_ = unix.MunmapPtr(unsafe.Pointer(&memory[0]), uintptr(len(memory)))
}
