//go:build !(cgo && linux && (amd64 || arm64))

package handler

import core "github.com/epitaph-go/epitaph/internal/engine/pure"

// engine does the work: here, the one that is pure Go.
var engine core.Engine
