//go:build linux && amd64 && cgo

package modtest

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

var includePattern = regexp.MustCompile(`(?m)^(?:// )?#include "([^"]+)"`)

// includes maps each file of C, and each Go file of package cgo, to the headers of
// the core that it includes.
func includes(t *testing.T, dir string) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, pattern := range []string{"native/*/*.[ch]", "cgo/*.go"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			file, _ = filepath.Rel(dir, file)
			from := path.Dir(file)
			if from == "cgo" {
				from = "native"
			}
			for _, m := range includePattern.FindAllStringSubmatch(string(source), -1) {
				all[file] = append(all[file], path.Join(from, m[1]))
			}
		}
	}
	return all
}

// users are the packages with a file that reads header, directly or through others.
func users(all map[string][]string, header string) []string {
	seen := map[string]bool{header: true}
	for more := true; more; {
		more = false
		for file, headers := range all {
			if !seen[file] && slices.ContainsFunc(headers, func(h string) bool { return seen[h] }) {
				seen[file], more = true, true
			}
		}
	}
	var packages []string
	for file := range seen {
		if dir := version.Path + "/" + path.Dir(file); !slices.Contains(packages, dir) {
			packages = append(packages, dir)
		}
	}
	slices.Sort(packages)
	return packages
}

// A header that changes makes the go command build every package anew that reads
// it. The change is the hardest there is: a macro that is not used, so that the objects
// of the header's own folder stay the same.
func TestChangedHeader(t *testing.T) {
	t.Parallel()
	dir := copied(t)
	headers := []string{"native/base/clock.h", "native/threads/tasks.h", "native/install/epitaph.h"}
	if victim.Full {
		headers = nil
		for _, file := range sources(t) {
			if strings.HasPrefix(file, "native/") && path.Ext(file) == ".h" {
				headers = append(headers, file)
			}
		}
	}
	// What is compiled is never run, and most of the time would go into making it fast.
	cc := filepath.Join(t.TempDir(), "cc")
	if err := os.WriteFile(cc, []byte("#!/bin/sh\nexec cc \"$@\" -O0\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	build := func() []string {
		out := command(t, dir, []string{"CC=" + cc}, "go", "build", "-v", "./native/...", "./cgo")
		return strings.Fields(out)
	}
	build()
	if again := build(); len(again) != 0 {
		t.Fatalf("built anew without a change: %v", again)
	}
	all := includes(t, dir)
	for _, header := range headers {
		t.Run(strings.TrimPrefix(header, "native/"), func(t *testing.T) {
			name := filepath.Join(dir, header)
			source, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			write(t, name, append(source, "\n#define EPI_CHANGED_BY_A_TEST 1\n"...))
			built, want := build(), users(all, header)
			for _, p := range want {
				if !slices.Contains(built, p) {
					t.Errorf("%s reads it and was not built anew; built: %v", p, built)
				}
			}
			write(t, name, source)
			if again := build(); len(again) != 0 {
				t.Errorf("built anew with the header as it was: %v", again)
			}
		})
	}
}
