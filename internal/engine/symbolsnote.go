//go:build cgo && linux && (amd64 || arm64)

package engine

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/epitaph-go/epitaph/internal/symindex"
)

// symbolsNote is what reports say of a program whose C functions have no names or no
// lines: why, and what to do about it. Empty: nothing.
func symbolsNote(result *symindex.Result, err error) string {
	lacks := symindex.LacksNothing
	switch {
	case err == nil:
		lacks = result.Lacks
	case errors.Is(err, symindex.ErrNoSymbols):
		lacks = symindex.LacksNames
	}
	executable, _ := os.Executable()
	return noteOn(lacks, executable)
}

// noteOn goes by where the go command builds what it runs itself, which it links with -s
// and -w (cmd/go/internal/work, OmitDebug). A report escapes the other kind of quotation mark.
func noteOn(lacks symindex.Lacks, executable string) string {
	const ship = `; link it without, or ship its symbols ('epitaph index'), or look them up ('epitaph resolve')`
	dir := filepath.Dir(executable)
	temporary := strings.HasPrefix(filepath.Base(filepath.Dir(strings.TrimSuffix(dir, "/exe"))), "go-build")
	switch {
	case lacks == symindex.LacksNothing:
		return ""
	case lacks == symindex.LacksLines:
		return "C functions have no lines: the program was linked with -w" + ship
	case temporary && filepath.Base(dir) == "exe", isCached(dir):
		return `C functions have no names and lines: 'go run' has stripped the program; build it with 'go build'`
	case temporary && strings.HasSuffix(executable, ".test"):
		return `C functions have no names and lines: 'go test' has stripped the program; build it with 'go test -c'`
	}
	return "C functions have no names and lines: the program was linked with -s, or stripped" + ship
}

// isCached tells whether a directory is one in which Go's build cache keeps an executable that
// 'go run' has built before (cmd/go/internal/cache, PutExecutable).
func isCached(dir string) bool {
	hash, ok := strings.CutSuffix(filepath.Base(dir), "-d")
	return ok && len(hash) == 64 && strings.Trim(hash, "0123456789abcdef") == "" && filepath.Base(filepath.Dir(dir)) == hash[:2]
}
