package config_test

import (
	"testing"

	"github.com/epitaph-go/epitaph/internal/engine/config"
)

func TestOwn(t *testing.T) {
	const module = "github.com/epitaph-go/epitaph/"
	for function, want := range map[string]struct{ own, dump bool }{
		"main.main":                                            {},
		module + "handler.Dump":                                {dump: true},
		module + "handler.DumpMore":                            {},
		module + "handler.DumpNative":                          {dump: true},
		module + "internal/engine.(*responder).sleep":          {own: true},
		module + "internal/engine.Engine.Ready.func1":          {own: true},
		module + "internal/engine/pure.startTimer.func1":       {own: true},
		module + "internal/engineering.main":                   {},
		module + "handler_test.TestX.func1":                    {},
		"example.com/a/" + module + "internal/engine.Engine.X": {},
	} {
		if own, dump := config.IsOwn(function), config.IsDump(function); own != want.own || dump != want.dump {
			t.Errorf("%s: own %v, dump %v; want %v", function, own, dump, want)
		}
	}
}
