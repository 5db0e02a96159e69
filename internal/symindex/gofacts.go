package symindex

import (
	"bytes"
	"fmt"

	"github.com/epitaph-go/epitaph/internal/symindex/objfile"
)

// GoFacts finds in the file of a Go program what the program itself knows: where
// Go's code is ([Options].Exclude), and what the paths of Go's own files begin with
// (Options.GoSource). Of any other file both are zero. The symbols may be in the debug
// file.
func GoFacts(path string, debugDirs []string) (text Range, source string, err error) {
	file, err := objfile.Open(path)
	if err != nil {
		return Range{}, "", fmt.Errorf("symindex: %w", err)
	}
	defer file.Close()
	if source, err = goSourceIn(file); err != nil {
		return Range{}, "", fmt.Errorf("symindex: %s: %w", path, err)
	}
	text = goTextIn(file)
	if text == (Range{}) {
		if debug := openDebugFile(file, file.BuildID(), debugDirs); debug != nil {
			defer debug.Close()
			text = goTextIn(debug)
		}
	}
	return text, source, nil
}

// goTextIn is from runtime.text to runtime.etext, two symbols of Go's linker.
func goTextIn(file *objfile.File) Range {
	symbols, err := file.ELF().Symbols()
	if err != nil {
		return Range{} // there are none
	}
	var text Range
	for i := range symbols {
		switch symbols[i].Name {
		case "runtime.text":
			text.Start = symbols[i].Value
		case "runtime.etext":
			text.End = symbols[i].Value
		}
	}
	if text.Start == 0 || text.End <= text.Start {
		return Range{}
	}
	return text
}

// goSourceIn looks for a file of package runtime among the names in Go's table of
// functions, where each ends with a zero byte.
func goSourceIn(file *objfile.File) (string, error) {
	table := file.Section(".gopclntab")
	if table == nil {
		table = file.Section(".data.rel.ro.gopclntab") // of a PIE
	}
	if table == nil {
		return "", nil
	}
	const (
		name    = "runtime/proc.go\x00"
		longest = 4096 // of a path
	)
	stream, err := table.Open()
	if err != nil {
		return "", err
	}
	window := make([]byte, 0, 1<<20)
	for left := stream.Size; left > 0; {
		n := min(left, uint64(cap(window)-len(window)))
		if err := stream.Read(window[len(window) : uint64(len(window))+n]); err != nil {
			return "", err
		}
		left -= n
		window = window[:uint64(len(window))+n]
		if i := bytes.Index(window, []byte(name)); i >= 0 {
			if start := bytes.LastIndexByte(window[:i], 0); start >= 0 {
				return string(window[start+1 : i]), nil
			}
		}
		tail := min(longest, len(window))
		window = window[:copy(window, window[len(window)-tail:])]
	}
	return "", nil
}
