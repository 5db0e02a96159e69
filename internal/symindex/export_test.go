package symindex

import "github.com/epitaph-go/epitaph/internal/symindex/objfile"

// Shown is a function's name as a block has it.
func Shown(raw string) string {
	name := []byte(raw)
	if isMangled(name) {
		return string(cutClone(readable(name)))
	}
	return string(cutClone(elide(name)))
}

// DebugFile is the path of a file's debug file, or empty.
func DebugFile(path string) string {
	file, err := objfile.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	debug := openDebugFile(file, file.BuildID(), nil)
	if debug == nil {
		return ""
	}
	defer debug.Close()
	return debug.Path
}

// MostWork is what a file of so many bytes may take.
func MostWork(size int64) int64 { return workPerByte*size + leastWork }
