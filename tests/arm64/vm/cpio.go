package vm

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// An archive is a file system for the kernel to begin with: a cpio archive of the form "newc"
// (Documentation/driver-api/early-userspace/buffer-format.rst).
type archive struct {
	w     io.Writer
	dirs  map[string]bool
	inode int
	err   error
}

func newArchive(w io.Writer) *archive { return &archive{w: w, dirs: map[string]bool{".": true}} }

const (
	modeDir    = 0o040000
	modeFile   = 0o100000
	modeLink   = 0o120000
	modeDevice = 0o020600
)

// entry writes one file: its header, its name and its contents, each filled up to four bytes.
func (a *archive) entry(name string, mode int, size int64, contents io.Reader) {
	if a.err != nil {
		return
	}
	a.inode++
	major, minor := 0, 0
	if mode == modeDevice { // of the console, the one device
		major, minor = 5, 1
	}
	header := fmt.Sprintf("070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
		a.inode, mode, 0, 0, 1, 0, size, 0, 0, major, minor, len(name)+1, 0)
	a.write(strings.NewReader(header+name+"\x00"), int64(len(header)+len(name)+1))
	if contents != nil {
		a.write(contents, size)
	}
}

func (a *archive) write(r io.Reader, size int64) {
	if _, err := io.CopyN(a.w, r, size); err != nil && a.err == nil {
		a.err = err
	}
	if _, err := a.w.Write(make([]byte, -size&3)); err != nil && a.err == nil {
		a.err = err
	}
}

// dir makes a directory, and those above it.
func (a *archive) dir(name string) {
	if a.dirs[name] {
		return
	}
	a.dirs[name] = true
	a.dir(path.Dir(name))
	a.entry(name, modeDir|0o755, 0, nil)
}

// text makes a file.
func (a *archive) text(name string, mode int, contents string) {
	a.dir(path.Dir(name))
	a.entry(name, modeFile|mode, int64(len(contents)), strings.NewReader(contents))
}

// link makes a symbolic link.
func (a *archive) link(name, target string) {
	a.dir(path.Dir(name))
	a.entry(name, modeLink|0o777, int64(len(target)), strings.NewReader(target))
}

// file copies a file, with what a link leads to.
func (a *archive) file(name, from string) {
	file, err := os.Open(from)
	if err != nil {
		a.fail(err)
		return
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		a.fail(err)
		return
	}
	a.dir(path.Dir(name))
	a.entry(name, modeFile|int(info.Mode().Perm()), info.Size(), file)
}

// tree copies a directory's files, of those that wanted says.
func (a *archive) tree(name, from string, wanted func(fs.DirEntry) bool) {
	a.fail(filepath.WalkDir(from, func(at string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, err := filepath.Rel(from, at)
		if err != nil {
			return err
		}
		switch inside := path.Join(name, filepath.ToSlash(below)); {
		case entry.IsDir():
			a.dir(inside)
		case wanted(entry):
			a.file(inside, at)
		}
		return a.err
	}))
}

func (a *archive) fail(err error) {
	if a.err == nil {
		a.err = err
	}
}

// close writes the end.
func (a *archive) close() error {
	a.entry("TRAILER!!!", 0, 0, nil)
	return a.err
}
