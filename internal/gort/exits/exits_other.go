//go:build !linux || !(amd64 || arm64) || go1.28

package exits

import "errors"

var errUnknown = errors.New("gort/exits: how this release of Go ends a process is not known")

// RunLast fails where the runtime is not known.
func RunLast(func()) error { return errUnknown }

// Added fails where the runtime is not known.
func Added() ([]func(), error) { return nil, errUnknown }
