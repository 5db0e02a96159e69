//go:build cgo && linux && (amd64 || arm64)

package cgo

// The floors whose headers this package reads are imported one by one: the go
// command then builds this package anew when one of those headers changes. An
// unchanged package in between would hide the change.
import (
	_ "github.com/epitaph-go/epitaph/native/base"
	_ "github.com/epitaph-go/epitaph/native/crash"
	_ "github.com/epitaph-go/epitaph/native/goruntime"
	_ "github.com/epitaph-go/epitaph/native/image"
	_ "github.com/epitaph-go/epitaph/native/incident"
	_ "github.com/epitaph-go/epitaph/native/install"
	_ "github.com/epitaph-go/epitaph/native/memory"
	_ "github.com/epitaph-go/epitaph/native/ondemand"
	_ "github.com/epitaph-go/epitaph/native/record"
	_ "github.com/epitaph-go/epitaph/native/report"
	_ "github.com/epitaph-go/epitaph/native/signals"
	_ "github.com/epitaph-go/epitaph/native/text"
	_ "github.com/epitaph-go/epitaph/native/threads"
	_ "github.com/epitaph-go/epitaph/native/unwind"
)
