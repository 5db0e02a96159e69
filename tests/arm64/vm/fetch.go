package vm

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// ErrUnavailable is wrapped by the errors that say that there can be no virtual machine here.
var ErrUnavailable = errors.New("no virtual machine of arm64 can be had here")

// modules are the kernel's modules for the disk, in the order in which they are loaded.
var modules = []string{"drivers/virtio/virtio_ring", "drivers/virtio/virtio", "drivers/virtio/virtio_mmio", "drivers/block/virtio_blk"}

// A kernel is what is fetched once, and kept in the user's cache: the files of a directory.
type kernel struct{ dir string }

func (k kernel) image() string   { return filepath.Join(k.dir, "vmlinuz") }
func (k kernel) busybox() string { return filepath.Join(k.dir, "busybox") }

func (k kernel) module(i int) string {
	return filepath.Join(k.dir, fmt.Sprintf("%d-%s.ko", i, filepath.Base(modules[i])))
}

// fetch fetches Debian's kernel for virtual machines, and busybox.
func fetch() (kernel, error) {
	dir, err := cached("epitaph-arm64", func(apt apt, dir string) error {
		depends, err := apt.run("apt-cache", "depends", "linux-image-cloud-arm64")
		if err != nil {
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		image := regexp.MustCompile(`(?m)Depends: (linux-image-\S+)$`).FindStringSubmatch(depends)
		if image == nil {
			return fmt.Errorf("%w: apt knows no linux-image-cloud-arm64", ErrUnavailable)
		}
		unpacked, err := apt.unpack(image[1], "busybox-static")
		if err != nil {
			return err
		}
		return kernel{dir}.take(unpacked)
	})
	return kernel{dir}, err
}

// take moves what is needed out of the unpacked packages.
func (k kernel) take(unpacked string) error {
	if err := os.MkdirAll(k.dir, 0o755); err != nil {
		return err
	}
	move := func(pattern, to string) error {
		found, err := filepath.Glob(filepath.Join(unpacked, pattern))
		if err == nil && len(found) != 1 {
			err = fmt.Errorf("%w: %d files are called %s in its packages", ErrUnavailable, len(found), pattern)
		}
		if err != nil {
			return err
		}
		return os.Rename(found[0], to)
	}
	if err := errors.Join(move("boot/vmlinuz-*", k.image()), move("bin/busybox", k.busybox())); err != nil {
		return err
	}
	for i, module := range modules {
		if err := move("lib/modules/*/kernel/"+module+".ko", k.module(i)); err != nil {
			return err
		}
	}
	return nil
}
