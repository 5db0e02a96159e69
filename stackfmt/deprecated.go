package stackfmt

import (
	"io/fs"
	"iter"
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

// WithStacksOnDemand has no effect: stacks are compact by themselves.
//
// Deprecated: leave it out.
func WithStacksOnDemand() ParseOption { return func(*dumpScanner) {} }

// Calls yields the calls of the goroutine as frames, the oldest first.
//
// Deprecated: range over Stack; [Call.Frame] makes a frame.
func (g *Goroutine) Calls() iter.Seq[Frame] {
	return func(yield func(Frame) bool) {
		for _, c := range g.Stack {
			if !yield(c.Frame()) {
				return
			}
		}
	}
}

// ReadStacks has no effect: the stacks are there.
//
// Deprecated: leave it out.
func (g *Goroutine) ReadStacks() {}
