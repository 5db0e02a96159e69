// Package cgo is the thin Go binding of the C core in package native: types and
// calls, nothing else. It is not for users, and nothing in it is stable: a name may
// change or go with any commit. Package handler is what programs use.
//
// It is empty where the core is not ported, or without cgo.
package cgo
