//go:build linux && cgo

package regress

import "golang.org/x/sys/unix"

func init() { trapped["arch_prctl"] = unix.SYS_ARCH_PRCTL }
