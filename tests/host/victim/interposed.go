//go:build linux && (amd64 || arm64) && cgo && interposed

package main

import _ "github.com/epitaph-go/epitaph/handler/interpose"
