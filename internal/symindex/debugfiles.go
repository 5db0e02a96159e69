package symindex

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"github.com/epitaph-go/epitaph/internal/symindex/objfile"
)

// systemDebugDir is where distributions put separate debug files.
const systemDebugDir = "/usr/lib/debug"

// openDebugFile finds a file's separate debug file: by its build-id, then by the
// name that .gnu_debuglink gives. It has to have the same build-id, or, where
// there is none, the checksum of the link.
func openDebugFile(file *objfile.File, id []byte, dirs []string) *objfile.File {
	dirs = append(dirs[:len(dirs):len(dirs)], systemDebugDir)
	var candidates []string
	if name := idPath(id); name != "" {
		for _, dir := range dirs {
			candidates = append(candidates, filepath.Join(dir, name))
		}
		if cache := debuginfodCache(); cache != "" {
			candidates = append(candidates, filepath.Join(cache, hex.EncodeToString(id), "debuginfo"))
		}
	}
	byID := len(candidates)
	link, sum := debugLink(file)
	if link != "" {
		dir := filepath.Dir(file.Path)
		candidates = append(candidates, filepath.Join(dir, link), filepath.Join(dir, ".debug", link))
		for _, root := range dirs {
			candidates = append(candidates, filepath.Join(root, dir, link))
		}
	}
	for i, path := range candidates {
		debug, err := objfile.Open(path)
		if err != nil {
			continue
		}
		if len(id) > 0 && bytes.Equal(debug.BuildID(), id) ||
			len(id) == 0 && i >= byID && checksum(path) == sum {
			return debug
		}
		debug.Close()
	}
	return nil
}

// idPath is where a file of a build-id is under a directory of debug files.
func idPath(id []byte) string {
	if len(id) < 2 {
		return ""
	}
	name := hex.EncodeToString(id)
	return filepath.Join(".build-id", name[:2], name[2:]+".debug")
}

// debuginfodCache is where its client keeps what it has fetched. Nothing is
// fetched here.
func debuginfodCache() string {
	if dir := os.Getenv("DEBUGINFOD_CACHE_PATH"); dir != "" {
		return dir
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(cache, "debuginfod_client")
}

// smallSection bounds what is read of sections that hold a file name.
const smallSection = 1 << 13

func smallData(f *objfile.File, name string) []byte {
	s := f.Section(name)
	if s == nil || s.Size > smallSection || s.Compressed() {
		return nil
	}
	data := make([]byte, s.Size)
	if _, err := s.ReadAt(data, 0); err != nil {
		return nil
	}
	return data
}

// debugLink reads .gnu_debuglink: a name, padded to 4 bytes, and a checksum.
func debugLink(f *objfile.File) (name string, sum uint32) {
	data := smallData(f, ".gnu_debuglink")
	text, _, ok := bytes.Cut(data, []byte{0})
	if !ok || len(text) == 0 || len(data) < 4 || bytes.IndexByte(text, '/') >= 0 {
		return "", 0
	}
	return string(text), binary.LittleEndian.Uint32(data[len(data)-4:])
}

func checksum(path string) uint32 {
	f, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer f.Close()
	sum := crc32.NewIEEE()
	if _, err := io.Copy(sum, f); err != nil {
		return 0
	}
	return sum.Sum32()
}

// openSupplement opens the file that .gnu_debugaltlink or .debug_sup names: a name
// and a build-id.
func openSupplement(f *objfile.File) *objfile.File {
	name, id, ok := bytes.Cut(smallData(f, ".gnu_debugaltlink"), []byte{0})
	if !ok || len(id) == 0 {
		return nil
	}
	path := string(name)
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(f.Path), path)
	}
	for _, candidate := range []string{path, filepath.Join(systemDebugDir, idPath(id))} {
		alt, err := objfile.Open(candidate)
		if err != nil {
			continue
		}
		if bytes.Equal(alt.BuildID(), id) {
			return alt
		}
		alt.Close()
	}
	return nil
}
