package stackfmt

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"time"
)

// Source finds the text of source lines and keeps what it has read: Python's
// linecache. A line that cannot be found is never an error; the frame is then
// printed without it. The same applies to a file that was changed after the program was
// built, as a wrong line is worse than none.
//
// From disk only files with the extensions of source text are read, since the
// names in a stack may come from another program; an fs.FS is read as it is.
//
// A Source is safe for concurrent use. What it keeps is bounded.
type Source struct {
	fsys  fs.FS
	built time.Time // zero: not known yet

	mu    sync.RWMutex
	files map[string]*sourceFile
	// packages are those of files, by folder.
	packages map[string]*goPackage
	bytes    int // in files
	blocks   map[blockKey][]byte
	size     int // in blocks
}

// SourceOption configures a [Source].
type SourceOption func(*Source)

// NewSource returns a Source that reads files from disk unless opts say
// otherwise.
func NewSource(opts ...SourceOption) *Source {
	s := &Source{}
	for _, o := range opts {
		if o != nil {
			o(s)
		}
	}
	return s
}

// WithFS reads from fsys in place of the disk. Names lose a leading slash, as
// an fs.FS has none.
func WithFS(fsys fs.FS) SourceOption { return func(s *Source) { s.fsys = fsys } }

// WithBuildTime sets the time after which a changed file is not trusted. By
// default it is the time of the running executable's file or, if that is not
// known, the time at which the process started. Set it to print the stacks of
// another program; a time in the far future trusts every file.
func WithBuildTime(t time.Time) SourceOption { return func(s *Source) { s.built = t } }

// defaultSource is a cache, shared as Python's linecache is.
var defaultSource = NewSource()

// DefaultSource returns the Source that is used unless [WithSource] names
// another. It reads from disk.
func DefaultSource() *Source { return defaultSource }

// Line returns line number line of a file without its end, and whether it was
// found. It answers to linecache.getline.
func (s *Source) Line(file string, line int) (string, bool) {
	f := s.file(file)
	if f == nil || line < 1 || line > f.count() {
		return "", false
	}
	return f.line(line), true
}

// Reset forgets everything, so that files are read again. It answers to
// linecache.clearcache.
func (s *Source) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files, s.packages, s.blocks, s.bytes, s.size = nil, nil, nil, 0, 0
}

// The bounds of what a Source keeps. At a bound everything goes: keeping an
// order of use would cost more than reading a few files again.
const (
	maxFileBytes  = 16 << 20
	maxCacheBytes = 64 << 20
	maxBlockBytes = 4 << 20
	maxFiles      = 4096
)

// started is when the process did, nearly.
var started = time.Now()

// file returns a file's lines, nil if it has none to offer. That a file is
// missing is kept too: a stripped binary far from its sources would otherwise
// ask the disk for each frame of each stack.
func (s *Source) file(name string) *sourceFile {
	s.mu.RLock()
	f, ok := s.files[name]
	s.mu.RUnlock()
	if ok {
		return f
	}
	f = nil
	if text, err := s.read(name); err == nil {
		f = newSourceFile(name, text)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.files == nil || s.bytes > maxCacheBytes || len(s.files) >= maxFiles {
		s.files, s.bytes = map[string]*sourceFile{}, 0
		s.packages = map[string]*goPackage{}
	}
	s.files[name] = f
	if f != nil {
		// The files of a folder share what is known of their package.
		key := folderOf(name)
		if strings.HasSuffix(name, "_test.go") {
			key += "_test"
		}
		if f.pkg = s.packages[key]; f.pkg == nil {
			f.pkg = &goPackage{files: func() ([]string, bool) { return s.siblings(name) }}
			s.packages[key] = f.pkg
		}
		s.bytes += f.memory()
	}
	return f
}

var (
	errNotSource  = errors.New("not a source file")
	errNotRegular = errors.New("not a regular file")
	errChanged    = errors.New("changed since the build")
	errTooLarge   = errors.New("too large")
)

// isSourceFile tells source text by its name. From disk nothing else is read, as
// the names in a stack may come from elsewhere and must not make a program print
// what it can read.
func isSourceFile(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".go", ".s", ".y", ".l", ".rl", ".templ", ".qtpl", ".rs", ".swift", ".f", ".f90", ".zig":
		return true
	}
	return isNativeFile(name)
}

// read reads a file that is regular (a pipe could block for ever), not too
// large, and older than the program.
func (s *Source) read(name string) (string, error) {
	var fi fs.FileInfo
	var err error
	fsName := fsPath(name)
	switch {
	case s.fsys != nil:
		fi, err = fs.Stat(s.fsys, fsName)
	case isSourceFile(name):
		fi, err = os.Stat(name)
	default:
		err = errNotSource
	}
	switch {
	case err != nil:
		return "", err
	case !fi.Mode().IsRegular():
		return "", errNotRegular
	case fi.Size() > maxFileBytes:
		return "", errTooLarge
	case fi.ModTime().After(s.builtAt()):
		return "", errChanged
	}
	var f fs.File
	if s.fsys != nil {
		f, err = s.fsys.Open(fsName)
	} else {
		f, err = os.Open(name)
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	var b strings.Builder
	b.Grow(int(fi.Size()))
	if _, err := io.Copy(&b, io.LimitReader(f, maxFileBytes)); err != nil {
		return "", err
	}
	return b.String(), nil
}

// siblings returns the texts of the Go files in the folder of one, and whether
// they are all there. A file of tests counts only for another.
func (s *Source) siblings(name string) (texts []string, complete bool) {
	var list []fs.DirEntry
	var err error
	dir := folderOf(name)
	if s.fsys != nil {
		list, err = fs.ReadDir(s.fsys, fsPath(dir))
	} else {
		list, err = os.ReadDir(dir)
	}
	if err != nil || len(list) > maxPackageFiles {
		return nil, false
	}
	size := 0
	for _, e := range list {
		test := strings.HasSuffix(e.Name(), "_test.go")
		if !strings.HasSuffix(e.Name(), ".go") || test && !strings.HasSuffix(name, "_test.go") {
			continue
		}
		f := s.file(dir + e.Name())
		if f == nil {
			return nil, false
		}
		if size += len(f.text); size > maxPackageBytes {
			return nil, false
		}
		texts = append(texts, f.text)
	}
	return texts, true
}

// folderOf returns what stands before a file's name, with the last slash.
func folderOf(name string) string { return name[:strings.LastIndexAny(name, `/\`)+1] }

// fsPath is the name of a file in an fs.FS, which has no leading slash.
func fsPath(name string) string {
	return path.Clean(strings.TrimLeft(strings.ReplaceAll(name, `\`, "/"), "/"))
}

func (s *Source) builtAt() time.Time {
	if !s.built.IsZero() {
		return s.built
	}
	return executableTime()
}

var executableTime = sync.OnceValue(func() time.Time {
	// A binary that was replaced or deleted tells nothing about this process.
	if name, err := os.Executable(); err == nil {
		if fi, err := os.Stat(name); err == nil && fi.ModTime().Before(started) {
			return fi.ModTime()
		}
	}
	return started
})

// sourceFile holds the text of a file and where its lines start.
type sourceFile struct {
	name   string
	text   string
	starts []int32

	once   sync.Once
	syntax *goSyntax
	pkg    *goPackage
}

func newSourceFile(name, text string) *sourceFile {
	// A byte order mark is no part of the first line.
	f := &sourceFile{name: name, text: strings.TrimPrefix(text, "\ufeff")}
	text = f.text
	f.starts = make([]int32, 1, strings.Count(text, "\n")+1)
	for i := 0; ; {
		n := strings.IndexByte(text[i:], '\n')
		if n < 0 {
			break
		}
		i += n + 1
		if i < len(text) {
			f.starts = append(f.starts, int32(i))
		}
	}
	return f
}

func (f *sourceFile) memory() int { return len(f.text) + 4*len(f.starts) }

func (f *sourceFile) count() int { return len(f.starts) }

// line returns line n, which exists, without blanks at its end.
func (f *sourceFile) line(n int) string { return strings.TrimRight(f.lines(n, n), " \t\r\n\f\v") }

// lines returns the lines from first to last, which exist.
func (f *sourceFile) lines(first, last int) string {
	end := len(f.text)
	if last < len(f.starts) {
		end = int(f.starts[last])
	}
	return f.text[f.starts[first-1]:end]
}

// blockKey names everything that the text below a frame's first line depends on,
// except its locals.
type blockKey struct {
	file          string // the source text itself if !fromFile
	site          callSite
	line, endLine int
	col, endCol   int
	fromFile      bool
	carets        bool
	theme         *theme // one of this package's; what another colours is not kept
}

// block returns the text for key, made by render the first time.
func (s *Source) block(key blockKey, render func() []byte) []byte {
	s.mu.RLock()
	b, ok := s.blocks[key]
	s.mu.RUnlock()
	if ok {
		return b
	}
	b = render()
	cost := len(b) + 128
	if !key.fromFile {
		cost += len(key.file)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.blocks == nil || s.size > maxBlockBytes {
		s.blocks, s.size = map[blockKey][]byte{}, 0
	}
	if cost < maxBlockBytes/64 {
		s.blocks[key] = b
		s.size += cost
	}
	return b
}

// appendLines renders the source lines of a frame from its file.
func (s *Source) appendLines(f *Frame, name string, key blockKey, th *theme) []byte {
	g, ok := s.expression(f, name, key)
	if !ok {
		return nil
	}
	return appendSource(nil, g.Source, &g, key.carets, !f.HasColumns(), th)
}

// expression returns f with the source lines that it stands for. A Go frame
// without columns gets those of the call or the expression that it stands in.
func (s *Source) expression(f *Frame, name string, key blockKey) (Frame, bool) {
	g := *f
	file := s.file(name)
	if file == nil || f.Line > file.count() {
		return g, false
	}
	if key.carets && !g.HasColumns() && strings.HasSuffix(name, ".go") {
		if r, ok := file.locate(key.site); ok {
			g.EndLine, g.Col, g.EndCol = r.endLine, r.col, r.endCol
		}
	}
	last := min(max(g.EndLine, g.Line), file.count())
	lines := strings.Split(file.lines(g.Line, last), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " \t\r\n\f\v")
	}
	g.Source = strings.TrimSuffix(strings.Join(lines, "\n"), "\n")
	return g, true
}
