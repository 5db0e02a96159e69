package vm

import (
	"os"
	"path/filepath"
	"strings"
)

// Musl returns a directory for PATH in which musl-gcc compiles for the machine: the cross
// compiler with Debian's musl.
func Musl() (string, error) {
	return cached("epitaph-arm64-musl", func(apt apt, dir string) error {
		unpacked, err := apt.unpack("musl-dev")
		if err != nil {
			return err
		}
		for _, part := range []string{"include", "lib"} {
			if err := os.Rename(filepath.Join(unpacked, "usr", part, "aarch64-linux-musl"), filepath.Join(dir, part)); err != nil {
				return err
			}
		}
		// The specs of gcc that the package has, with paths below the script's directory.
		text, err := os.ReadFile(filepath.Join(dir, "lib", "musl-gcc.specs"))
		if err != nil {
			return err
		}
		specs := strings.NewReplacer("/usr/include/aarch64-linux-musl", "DIR/include", "/usr/lib/aarch64-linux-musl", "DIR/lib").Replace(string(text))
		if err := os.WriteFile(filepath.Join(dir, "specs"), []byte(specs), 0o644); err != nil {
			return err
		}
		script := `#!/bin/sh
dir=$(dirname "$0")
specs=$(mktemp) && trap 'rm -f "$specs"' EXIT
sed "s|DIR|$dir|g" "$dir/specs" >"$specs"
aarch64-linux-gnu-gcc "$@" -specs "$specs"
`
		return os.WriteFile(filepath.Join(dir, "musl-gcc"), []byte(script), 0o755)
	})
}
