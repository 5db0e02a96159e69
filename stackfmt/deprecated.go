package stackfmt

import (
	"io/fs"
	"time"
)

// Former names, each for a function that says what it does.

// FirstFrames is the former name of [WithFirstFrames].
//
// Deprecated: use [WithFirstFrames].
func FirstFrames(n int) LimitOption { return WithFirstFrames(n) }

// LastFrames is the former name of [WithLastFrames].
//
// Deprecated: use [WithLastFrames].
func LastFrames(n int) LimitOption { return WithLastFrames(n) }

// WithColorize is Python's colorize: [ColorAlways] or [ColorNever].
//
// Deprecated: use [WithColor].
func WithColorize(on bool) PrintOption {
	if on {
		return WithColor(ColorAlways)
	}
	return WithColor(ColorNever)
}

// WithChain is the former name of [WithCauses].
//
// Deprecated: use [WithCauses]; package handler has a WithChain of its own.
func WithChain(on bool) PrintOption { return WithCauses(on) }

// BySimilarity is the former name of [WithSimilarity].
//
// Deprecated: use [WithSimilarity].
func BySimilarity(s Similarity) GroupOption { return WithSimilarity(s) }

// AcrossStates is the former name of [WithAllStates].
//
// Deprecated: use [WithAllStates].
func AcrossStates() GroupOption { return WithAllStates() }

// ByInnermost is the former name of [WithInnermost].
//
// Deprecated: use [WithInnermost].
func ByInnermost(n int) GroupOption { return WithInnermost(n) }

// CollapsingRecursion is the former name of [WithoutRecursion].
//
// Deprecated: use [WithoutRecursion].
func CollapsingRecursion() GroupOption { return WithoutRecursion() }

// SourceFS is the former name of [WithFS].
//
// Deprecated: use [WithFS].
func SourceFS(fsys fs.FS) SourceOption { return WithFS(fsys) }

// SourceBuiltAt is the former name of [WithBuildTime].
//
// Deprecated: use [WithBuildTime].
func SourceBuiltAt(t time.Time) SourceOption { return WithBuildTime(t) }
