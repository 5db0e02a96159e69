//go:build cgo && linux && (amd64 || arm64)

package engine

import (
	"sync"

	"github.com/epitaph-go/epitaph/cgo"
	"github.com/epitaph-go/epitaph/internal/hostinfo"
)

// learnHost finds out where the process runs, once: it takes some 0.1 ms, and does not
// change. It returns the host's name.
var learnHost = sync.OnceValue(func() string {
	info := hostinfo.Now()
	cgo.SetHost(info.Name, info.Facts(cgo.Libc()), info.Group)
	return info.Name
})
