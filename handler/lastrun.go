package handler

import "github.com/epitaph-go/epitaph/blackbox"

// LastRun returns what the run before left in its black box, and how it ended.
// It is called at the start, before [Enable] with [WithBlackBox] takes the file
// over:
//
//	if last, err := handler.LastRun(path); err == nil && last.Unexpected() {
//		last.WriteTo(os.Stderr)
//	}
//
// An error wraps fs.ErrNotExist if there is no file, blackbox.ErrNotABox if it is
// something else. It works on every platform and is safe for concurrent use.
func LastRun(path string) (*blackbox.Run, error) { return blackbox.Open(path) }
