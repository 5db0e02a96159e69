// Package exits is about the hooks that Go's runtime runs before it ends the process:
// when main returns, and in os.Exit (internal/runtime/exithook). The runtime lets only the
// standard library add one, so their place is read off its code (package scan).
package exits
