package stackfmt

import "io/fs"

// Source finds the text of source lines and keeps what it has read: Python's
// linecache. It is safe for concurrent use.
type Source struct {
	fsys fs.FS
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

// SourceFS reads from fsys in place of the disk.
func SourceFS(fsys fs.FS) SourceOption { return func(s *Source) { s.fsys = fsys } }
