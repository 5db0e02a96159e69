//go:build cgo && linux && (amd64 || arm64)

package native

import _ "github.com/epitaph-go/epitaph/native/install"
