package symindex

import (
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/epitaph-go/epitaph/internal/symindex/block"
)

// ErrNotPrivate is the error for a cache that others can write to.
var ErrNotPrivate = errors.New("not a directory of this user's own, with mode 0700")

// CheckCache looks whether a directory is fit to be a cache: what is in it is believed,
// so no other user may put anything there.
func CheckCache(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() || info.Mode().Perm()&0o077 != 0 || !isOwn(info) {
		return &fs.PathError{Op: "use", Path: dir, Err: ErrNotPrivate}
	}
	return nil
}

// cacheName is that of a module's block. GoSource is in the paths of a block.
func cacheName(opts *Options, id []byte) string {
	return fmt.Sprintf("%s-%d-%08x%s", hex.EncodeToString(id), builderVersion, crc32.ChecksumIEEE([]byte(opts.GoSource)), ShippedSuffix)
}

// cached is a module's block of an earlier run, or nil. What is no good is as if it were
// not there: it will be replaced.
func cached(opts *Options, id []byte) *Result {
	if opts.Cache == "" || len(id) == 0 || CheckCache(opts.Cache) != nil {
		return nil
	}
	path := filepath.Join(opts.Cache, cacheName(opts, id))
	info, err := os.Lstat(path) // a link would lead out of the directory
	if err != nil || !info.Mode().IsRegular() || !isOwn(info) {
		return nil
	}
	result, err := ReadSidecar(path, id, opts.Budget)
	if err != nil {
		return nil
	}
	return result
}

// cachePiece is written at once; then others have their turn.
const cachePiece = 256 << 10

// keep writes a block for later runs, if it is all that there is to know. That it cannot
// is no reason to do without the block.
func keep(opts *Options, id []byte, result *Result) {
	b, err := block.Parse(result.Data)
	if err != nil || opts.Cache == "" || len(id) == 0 || b.Flags()&(block.Rows|block.NamesOnly) != block.Rows ||
		result.Dropped != DroppedNothing || result.Problem != nil || CheckCache(opts.Cache) != nil {
		return
	}
	block.Seal(result.Data)
	f, err := os.CreateTemp(opts.Cache, ".new-*") // mode 0600
	if err != nil {
		return
	}
	for rest := result.Data; err == nil && len(rest) > 0; {
		n := min(cachePiece, len(rest))
		_, err = f.Write(rest[:n])
		rest = rest[n:]
		if opts.Yield != nil {
			opts.Yield()
		}
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(opts.Cache, cacheName(opts, id)))
	}
	if err != nil {
		os.Remove(f.Name())
	}
}
