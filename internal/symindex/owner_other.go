//go:build !unix

package symindex

import "io/fs"

// isOwn: there is no cache where an owner cannot be known.
func isOwn(fs.FileInfo) bool { return false }
