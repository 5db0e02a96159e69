//go:build !linux

package offheap

import "math"

// Alloc returns size zero bytes.
func Alloc(size int) ([]byte, error) {
	if size == 0 {
		return nil, nil
	}
	if size < 0 || size > math.MaxInt32 {
		return nil, errTooLarge
	}
	return make([]byte, size), nil
}

// Resize makes memory one of size bytes: what it held is kept, as far as it fits.
func Resize(memory []byte, size int) ([]byte, error) {
	bigger, err := Alloc(size)
	copy(bigger, memory)
	return bigger, err
}

// Free releases nothing: the collector does.
func Free([]byte) {}
