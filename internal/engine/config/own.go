package config

import (
	"runtime"
	"strings"
)

// handler is what the names of its functions begin with.
var handler = func() string {
	const tail = "internal/engine/config."
	pc, _, _, _ := runtime.Caller(0)
	name := runtime.FuncForPC(pc).Name()
	module := name[:strings.Index(name, tail)]
	return module + "handler."
}()

// IsOwn reports whether a function that a goroutine was started with is package
// handler's. No function of the program's is.
func IsOwn(function string) bool {
	return strings.HasPrefix(function, handler)
}

// IsDump tells the functions of package handler at which the stack of a goroutine that
// dumps itself begins to be of interest.
func IsDump(function string) bool {
	name, ok := strings.CutPrefix(function, handler)
	return ok && (name == "Dump" || name == "DumpNative")
}
