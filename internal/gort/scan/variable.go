//go:build linux && (amd64 || arm64)

package scan

// variables returns where the linker has put what a program can write to
// (cmd/link/internal/ld/data.go), pairs of a beginning and an end.
func variables() (bounds [8]uintptr)

// IsVariable tells whether SIZE bytes at an address belong to a variable of the Go
// program, and may be read. An address that is read off code is only known to be one
// when the code is what it is taken for.
func IsVariable(address, size uintptr) bool {
	bounds := variables()
	for i := 0; i < len(bounds); i += 2 {
		if address >= bounds[i] && address < bounds[i+1] && bounds[i+1]-address >= size {
			return true
		}
	}
	return false
}
