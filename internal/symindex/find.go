package symindex

import (
	"encoding/hex"
	"fmt"
	"path/filepath"
)

// BuildByID is Build for a module that is known by its build-id: opts.BuildID. It
// looks for a file of that id at path, and in opts.DebugDirs by the id and by the
// last part of the path, and takes the one that says most: the file itself may have
// been stripped. A block that was shipped beside it does too.
func BuildByID(path string, opts Options) (*Result, error) {
	if len(opts.BuildID) == 0 {
		return nil, fmt.Errorf("symindex: %s: it has no build-id", path)
	}
	candidates := []string{path}
	for _, dir := range append(opts.DebugDirs[:len(opts.DebugDirs):len(opts.DebugDirs)], systemDebugDir) {
		candidates = append(candidates, filepath.Join(dir, idPath(opts.BuildID)), filepath.Join(dir, filepath.Base(path)))
	}
	var best *Result
	for _, candidate := range candidates {
		result, err := Build(candidate, opts)
		if err != nil {
			continue
		}
		if best != nil && len(result.Data) <= len(best.Data) {
			result.Free()
			continue
		}
		if best != nil {
			best.Free()
		}
		best = result
	}
	if best == nil {
		best, _ = sidecar(path, opts.BuildID, &opts) // of a module whose file is not here
	}
	if best == nil {
		return nil, fmt.Errorf("symindex: no file with the build-id %s of %s", hex.EncodeToString(opts.BuildID), path)
	}
	return best, nil
}
