//go:build unix

package symindex

import (
	"io/fs"
	"os"
	"syscall"
)

// isOwn tells whether a file is the user's. A program that runs with more rights than its
// user has owns none.
func isOwn(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid() && os.Geteuid() == os.Getuid() && os.Getegid() == os.Getgid()
}
