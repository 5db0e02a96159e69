package handler

import (
	"runtime"
	"strings"
)

// ownPrefix is what the names of this package's functions begin with.
var ownPrefix = func() string {
	pc, _, _, _ := runtime.Caller(0)
	name := runtime.FuncForPC(pc).Name()
	slash := strings.LastIndexByte(name, '/') + 1
	dot := strings.IndexByte(name[slash:], '.')
	return name[:slash+dot+1]
}()

// isOwn reports whether a function that a goroutine was started with is this
// package's. No function of the program's is.
func isOwn(function string) bool { return strings.HasPrefix(function, ownPrefix) }
