// Package pure does what package handler can do without the C core: it dumps goroutines
// by means of package runtime, and has the runtime write Go's own text of a panic or
// fatal error to the place of the report. It works on every platform.
package pure

import (
	"sync"

	"github.com/epitaph-go/epitaph/internal/engine/config"
)

// Engine is the engine without the C core.
type Engine struct{}

var _ config.Engine = Engine{}

var (
	mu sync.Mutex // orders what changes this package's variables

	// registering is held by Register and Unregister, before mu: they come one at a
	// time, but nothing else has to wait for the dumps that Unregister waits for.
	registering sync.Mutex
)
