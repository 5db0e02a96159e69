// Package peers compares package stackfmt with the libraries that users of Go
// have for the same, and runs it on real failures. It is a module of its own, so
// that none of those libraries becomes a dependency of Epitaph.
package peers
