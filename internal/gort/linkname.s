// The bodies of the functions in pin.go are in package runtime. The compiler accepts
// that where a package has an assembly file, on every platform.
