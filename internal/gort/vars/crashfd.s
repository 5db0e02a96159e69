// The body of a function in crashfd.go is in package runtime. The compiler accepts
// that where a package has an assembly file, on every platform.
