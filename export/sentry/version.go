package sentry

import (
	"runtime/debug"
	"strings"
)

// modulePath is that of this module, whose version is the one of Sentry's "sdk".
const modulePath = "github.com/epitaph-go/epitaph/export/sentry"

// version is the version of this module without its v, as Sentry wants it; 0.0.0 of a
// program that was built in the workspace.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "0.0.0"
	}
	for _, m := range info.Deps {
		if m.Path == modulePath && m.Version != "" && !strings.HasPrefix(m.Version, "(") {
			return strings.TrimPrefix(m.Version, "v")
		}
	}
	return "0.0.0"
}
