//go:build cgo && linux && (amd64 || arm64)

package handler

import core "github.com/epitaph-go/epitaph/internal/engine"

// engine does the work: here, the one with the C core.
var engine core.Engine
