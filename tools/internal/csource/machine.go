package csource

import (
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Machines are those that the core is ported to, as Go names them.
var Machines = []string{"amd64", "arm64"}

// Machine is the one that the core is looked at for. $CC has to compile for it.
var Machine = runtime.GOARCH

// OfOther tells whether the file is another machine's, by the end of its name, as the
// go command does.
func OfOther(path string) bool {
	name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	machine := name[strings.LastIndexByte(name, '_')+1:]
	return machine != name && machine != Machine && slices.Contains(Machines, machine)
}
