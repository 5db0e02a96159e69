package handler

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/epitaph-go/epitaph/internal/engine/config"
)

// Options for the names and lines of C code: what is read for them, and who else shows C
// frames.

// DefaultSymbolBudget is how much memory the symbols of C code may take, unless
// [WithSymbolBudget] says otherwise: those of a gigabyte of DWARF.
const DefaultSymbolBudget = config.DefaultSymbolBudget

// WithSymbolBudget sets how many bytes the symbols of the program and its libraries may
// take, from which C frames get functions, files and lines. If a module does not fit,
// its inlined calls are dropped first, which take two thirds, then its lines, then its
// names; the module's line in a report says so. With 0 only exported functions have
// names, and .debug_frame, which describes code without .eh_frame, is not read either. It
// applies to modules that are read after the call. The default is [DefaultSymbolBudget].
func WithSymbolBudget(n int) Option {
	return forCalls(config.CallEnable, "WithSymbolBudget", func(c *config.Config) error {
		if n < 0 {
			return fmt.Errorf("epitaph: WithSymbolBudget: %d is negative", n)
		}
		c.SymbolBudget = n
		return nil
	})
}

// WithDebugDirs names directories of separate debug files, which are searched before
// /usr/lib/debug: for .build-id/xx/yyyy.debug by a module's build-id, or for the name
// in its debug link. A file of another build is not read. What "epitaph index" has made
// is looked for there too, as .build-id/xx/yyyy.episym or NAME.episym.
func WithDebugDirs(dirs ...string) Option {
	return forCalls(config.CallEnable, "WithDebugDirs", func(c *config.Config) error {
		for _, dir := range dirs {
			if !filepath.IsAbs(dir) {
				return fmt.Errorf("epitaph: WithDebugDirs: %q is not an absolute path", dir)
			}
		}
		c.DebugDirs = slices.Clone(dirs)
		return nil
	})
}

// WithSymbolCache names a directory for what is read of the program's debug information,
// so that the next start of the same build reads 6 % as much. It is for large programs that
// start often. The directory must belong to the user and have mode 0700, since the files in
// it are trusted; a file that is damaged or of another build is not used. There is one file,
// with mode 0600, for each build of the program and of each library. Old files are not
// removed. Without this option nothing is written.
func WithSymbolCache(dir string) Option {
	return forCalls(config.CallEnable, "WithSymbolCache", func(c *config.Config) error {
		if !filepath.IsAbs(dir) {
			return fmt.Errorf("epitaph: WithSymbolCache: %q is not an absolute path", dir)
		}
		if err := engine.CheckCache(dir); err != nil {
			return fmt.Errorf("epitaph: WithSymbolCache: %w", err)
		}
		c.SymbolCache = dir
		return nil
	})
}

// WithCgoTraceback says whether Go shows C frames itself ([runtime.SetCgoTraceback]): in
// CPU profiles, below the Go functions that called C, and in the stack that Go prints of
// a thread in C. The default is true. A sample of a profile takes some microseconds
// longer; calls between Go and C do not.
//
// Go accepts one provider of such frames in the life of a process. Epitaph waits until
// all packages are initialized, and leaves a provider that is there by then in place. A
// program that calls SetCgoTraceback in main, after [Enable], panics there unless it
// asks for false.
func WithCgoTraceback(on bool) Option {
	return forCalls(config.CallEnable, "WithCgoTraceback", func(c *config.Config) error {
		c.CgoTraceback = on
		return nil
	})
}

// WithCgoContext makes Go show the C frames behind a call from C to Go in goroutine
// stacks, [runtime.Stack] and profiles. Each such call takes about 6 ns longer, and a
// runtime.Callers within it about a microsecond. A panic within such a call shows no C
// frames in Go's text; Epitaph's reports show them in any case.
//
// It is an option of [Enable].
func WithCgoContext() Option {
	return forCalls(config.CallEnable, "WithCgoContext", func(c *config.Config) error {
		c.CgoContext = true
		return nil
	})
}
