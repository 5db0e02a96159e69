package symindex

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/epitaph-go/epitaph/internal/symindex/block"
	"github.com/epitaph-go/epitaph/internal/symindex/objfile"
	"github.com/epitaph-go/epitaph/internal/symindex/offheap"
)

// A block that was built before the program was stripped is shipped with it: in a
// section that is not loaded, which strip leaves alone, or in a file of its own. That
// is called like the module, and stands beside it, or in a directory of debug files
// under that name or by the build-id.
const (
	ShippedSection = ".episym"
	ShippedSuffix  = ".episym"
)

// errShipped is for a shipped block that is no good for the module.
var errShipped = errors.New("its block of symbols")

// shippedBlock returns the block that was shipped with a module, or nil. The
// section has no build-id to be known by where the module has none: it is the module's
// all the same.
func shippedBlock(file *objfile.File, id []byte, opts *Options) (*Result, error) {
	var problem error
	if s := file.Section(ShippedSection); s != nil {
		result, err := openSection(s, id, opts.Budget)
		if err == nil {
			return result, nil
		}
		problem = fmt.Errorf("%s: %w: %w", file.Path, errShipped, err)
	}
	result, err := sidecar(file.Path, id, opts)
	if result != nil {
		return result, nil
	}
	return nil, errors.Join(problem, err)
}

// openSection reads the block out of the module itself.
func openSection(s *objfile.Section, id []byte, budget int) (*Result, error) {
	if s.Compressed() {
		return nil, errors.New("it is compressed")
	}
	if s.Size > uint64(max(budget, 0)) {
		return nil, offheap.ErrLimit
	}
	data, err := s.Load()
	if err != nil {
		return nil, err
	}
	return takeShipped(data, id)
}

// sidecar looks for the module's block in a file of its own. Only a build-id tells
// that it is the module's. The error is of those that were found and are no good.
func sidecar(path string, id []byte, opts *Options) (*Result, error) {
	if len(id) == 0 {
		return nil, nil
	}
	var problems []error
	for _, candidate := range sidecarPaths(path, id, opts.DebugDirs) {
		result, err := ReadSidecar(candidate, id, opts.Budget)
		if err == nil {
			return result, nil
		}
		if !errors.Is(err, os.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
			problems = append(problems, err)
		}
	}
	return nil, errors.Join(problems...)
}

func sidecarPaths(path string, id []byte, dirs []string) []string {
	paths := []string{path + ShippedSuffix}
	name := hex.EncodeToString(id)
	for _, dir := range dirs {
		if len(id) > 1 {
			paths = append(paths, filepath.Join(dir, ".build-id", name[:2], name[2:]+ShippedSuffix))
		}
		paths = append(paths, filepath.Join(dir, filepath.Base(path)+ShippedSuffix))
	}
	return paths
}

// ReadSidecar reads a file that is a block, for the module with the build-id. It
// returns an error for one of another module, for one that is larger than the budget,
// and for one that is damaged; a look-up in what it returns may give wrong answers, and
// no more, if it was made to do so.
func ReadSidecar(path string, id []byte, budget int) (*Result, error) {
	// Not mapped: who truncates the file would make the look-up fault.
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	if info.Size() > int64(budget) {
		return nil, fmt.Errorf("%s: %w", path, offheap.ErrLimit)
	}
	data, err := offheap.Alloc(int(info.Size()))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if _, err := io.ReadFull(file, data); err != nil {
		offheap.Free(data)
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	result, err := takeShipped(data, id)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return result, nil
}

// takeShipped makes a result of the bytes of a block, or frees them.
func takeShipped(data, id []byte) (*Result, error) {
	b, err := block.Open(data)
	if err == nil && len(id) > 0 && !bytes.Equal(b.BuildID(), id) {
		err = fmt.Errorf("of the build-id %x, not %x", b.BuildID(), id)
	}
	if err != nil {
		offheap.Free(data)
		return nil, err
	}
	return &Result{Data: data, Start: b.Start()}, nil
}
