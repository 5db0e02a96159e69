//go:build !linux || !amd64 || go1.28

package exits

import "errors"

// RunLast fails where the runtime is not known.
func RunLast(func()) error {
	return errors.New("gort/exits: how this release of Go ends a process is not known")
}
