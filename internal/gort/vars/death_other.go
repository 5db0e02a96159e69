//go:build !linux || !(amd64 || arm64) || go1.28

package vars

import "errors"

var errDeath = errors.New("gort/vars: how this release of Go ends a process is not known")

// FindTraceback fails where the runtime is not known.
func FindTraceback() (Address, error) { return 0, errDeath }

// FindBacklog fails where the runtime is not known.
func FindBacklog() (Backlog, error) { return Backlog{}, errDeath }
