//go:build cgo && linux && (amd64 || arm64) && !epitaph_nowrap

package interpose

import _ "github.com/epitaph-go/epitaph/native/interpose"
