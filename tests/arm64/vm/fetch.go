package vm

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
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
	cache, err := os.UserCacheDir()
	if err != nil {
		return kernel{}, err
	}
	k := kernel{filepath.Join(cache, "epitaph-arm64")}
	if _, err := os.Stat(k.dir); err == nil {
		return k, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return k, err
	}
	scratch, err := os.MkdirTemp(cache, "epitaph-arm64-")
	if err != nil {
		return k, err
	}
	defer os.RemoveAll(scratch)
	packages, err := download(scratch)
	if err != nil {
		return k, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	whole := kernel{filepath.Join(scratch, "whole")}
	if err := whole.take(packages); err != nil {
		return k, err
	}
	if err := os.Rename(whole.dir, k.dir); err != nil && !errors.Is(err, os.ErrExist) {
		return k, err // ErrExist: another process was faster
	}
	return k, nil
}

// download has apt fetch packages of another architecture than the machine's, and unpacks
// them. Apt gets a configuration whose state, cache and list of installed packages are
// in the scratch directory, so that nothing of the machine's own changes.
func download(scratch string) (unpacked string, err error) {
	apt := apt{scratch}
	for _, dir := range []string{"lists/partial", "archives/partial", "packages"} {
		if err := os.MkdirAll(filepath.Join(scratch, dir), 0o755); err != nil {
			return "", err
		}
	}
	if err := os.WriteFile(filepath.Join(scratch, "status"), nil, 0o644); err != nil {
		return "", err
	}
	if _, err := apt.run("apt-get", "-q", "update"); err != nil {
		return "", err
	}
	depends, err := apt.run("apt-cache", "depends", "linux-image-cloud-arm64")
	if err != nil {
		return "", err
	}
	image := regexp.MustCompile(`(?m)Depends: (linux-image-\S+)$`).FindStringSubmatch(depends)
	if image == nil {
		return "", errors.New("apt knows no linux-image-cloud-arm64")
	}
	if _, err := apt.run("apt-get", "-q", "download", image[1], "busybox-static"); err != nil {
		return "", err
	}
	files, err := filepath.Glob(filepath.Join(scratch, "packages", "*.deb"))
	if err != nil {
		return "", err
	}
	unpacked = filepath.Join(scratch, "unpacked")
	for _, file := range files {
		if _, err := apt.run("dpkg-deb", "-x", file, unpacked); err != nil {
			return "", err
		}
	}
	return unpacked, nil
}

// An apt is a configuration in a directory.
type apt struct{ dir string }

// run runs a command of apt's with this configuration.
func (a apt) run(name string, args ...string) (string, error) {
	var options []string
	if strings.HasPrefix(name, "apt-") {
		for _, o := range []string{
			"APT::Architecture=arm64", "APT::Architectures=arm64", "APT::Sandbox::User=root",
			"Dir::State=" + a.dir, "Dir::State::lists=" + a.dir + "/lists", "Dir::State::status=" + a.dir + "/status",
			"Dir::Cache=" + a.dir, "Dir::Cache::archives=" + a.dir + "/archives",
		} {
			options = append(options, "-o", o)
		}
	}
	cmd := exec.Command(name, append(options, args...)...)
	cmd.Dir, cmd.Env = filepath.Join(a.dir, "packages"), append(os.Environ(), "LC_ALL=C")
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		err = fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return string(out), nil
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
