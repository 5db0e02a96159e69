package config

import (
	"runtime"
	"strings"
)

// The functions of the engines, and of package handler, begin with these.
var engines, handler = func() (string, string) {
	const tail = "internal/engine/config."
	pc, _, _, _ := runtime.Caller(0)
	name := runtime.FuncForPC(pc).Name()
	module := name[:strings.Index(name, tail)]
	return module + "internal/engine", module + "handler."
}()

// IsOwn reports whether a function that a goroutine was started with is an engine's.
// No function of the program's is, and package handler starts no goroutines.
func IsOwn(function string) bool {
	name, engine := strings.CutPrefix(function, engines)
	return engine && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "/pure."))
}

// IsDump tells the functions of package handler at which the stack of a goroutine that
// dumps itself begins to be of interest.
func IsDump(function string) bool {
	name, ok := strings.CutPrefix(function, handler)
	return ok && (name == "Dump" || name == "DumpNative")
}
