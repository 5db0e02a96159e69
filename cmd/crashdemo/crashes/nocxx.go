//go:build linux && cgo && nocxx

package crashes

func cxxKinds() []Kind { return nil }
