package vm

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// cached is the directory of a name in the user's cache. The first time, make puts files of the
// other machine's packages into it.
func cached(name string, make func(apt apt, dir string) error) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, name)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return dir, err
	}
	scratch, err := os.MkdirTemp(cache, name+"-")
	if err != nil {
		return dir, err
	}
	defer os.RemoveAll(scratch)
	apt, err := newApt(scratch)
	if err != nil {
		return dir, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	whole := filepath.Join(scratch, "whole")
	if err := os.Mkdir(whole, 0o755); err != nil {
		return dir, err
	}
	if err := make(apt, whole); err != nil {
		return dir, err
	}
	if err := os.Rename(whole, dir); err != nil && !errors.Is(err, os.ErrExist) {
		return dir, err // ErrExist: another process was faster
	}
	return dir, nil
}

// An apt fetches packages of another architecture than the machine's. Its state, its cache and
// its list of installed packages are in a directory of its own, so that nothing of the machine's changes.
type apt struct{ dir string }

func newApt(dir string) (apt, error) {
	for _, below := range []string{"lists/partial", "archives/partial", "packages"} {
		if err := os.MkdirAll(filepath.Join(dir, below), 0o755); err != nil {
			return apt{}, err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "status"), nil, 0o644); err != nil {
		return apt{}, err
	}
	a := apt{dir}
	_, err := a.run("apt-get", "-q", "update")
	return a, err
}

// unpack fetches packages and returns the directory that they are unpacked in.
func (a apt) unpack(packages ...string) (string, error) {
	if _, err := a.run("apt-get", append([]string{"-q", "download"}, packages...)...); err != nil {
		return "", fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	files, err := filepath.Glob(filepath.Join(a.dir, "packages", "*.deb"))
	if err != nil {
		return "", err
	}
	unpacked := filepath.Join(a.dir, "unpacked")
	for _, file := range files {
		if _, err := a.run("dpkg-deb", "-x", file, unpacked); err != nil {
			return "", err
		}
	}
	return unpacked, nil
}

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
