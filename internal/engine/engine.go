//go:build cgo && linux && (amd64 || arm64)

package engine

import (
	"sync"

	"github.com/epitaph-go/epitaph/internal/engine/config"
)

// Engine is the engine with the C core.
type Engine struct{}

var _ config.Engine = Engine{}

var (
	// mu orders what changes the core. A dump holds it for reading: the core stays as
	// it is meanwhile, and several may wait for their turn.
	mu sync.RWMutex

	// timersMu orders the calls that arm something. Not those that cancel, which may
	// wait for a dump.
	timersMu sync.Mutex

	// registering is held by Register and Unregister, before mu: they come one at a
	// time, but nothing else has to wait for the dumps that Unregister waits for.
	registering sync.Mutex
)
