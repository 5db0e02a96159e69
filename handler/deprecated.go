package handler

import "github.com/epitaph-go/epitaph/internal/engine/config"

// WithAllThreads(false) is [WithOneThread].
//
// Deprecated: Use [WithOneThread]. All threads are shown by default.
func WithAllThreads(all bool) Option {
	return forCalls(config.CallEnable|config.CallDump|config.CallRegister, "WithAllThreads", func(c *config.Config) error {
		c.AllThreads = all
		return nil
	})
}

// WithNativeStack(false) is [WithGoFramesOnly].
//
// Deprecated: Use [WithGoFramesOnly]. C frames are shown by default.
func WithNativeStack(show bool) Option {
	return forCalls(config.CallEnable|config.CallDumps, "WithNativeStack", func(c *config.Config) error {
		c.NativeStack = show
		return nil
	})
}

// WithPanicCopy(false) is [WithNoFork].
//
// Deprecated: Use [WithNoFork]. The process is copied by default.
func WithPanicCopy(fork bool) Option {
	return forCalls(config.CallEnable, "WithPanicCopy", func(c *config.Config) error {
		c.Fork = fork
		return nil
	})
}
