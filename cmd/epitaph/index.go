package main

import (
	"debug/elf"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/epitaph-go/epitaph/internal/cli"
	"github.com/epitaph-go/epitaph/internal/symindex"
	"github.com/epitaph-go/epitaph/internal/symindex/block"
)

var indexCommand = cli.Command{
	Name: "index", Args: "FILE",
	Short: "make the symbols to ship with a stripped program",
	Help: `Makes a block of the functions, lines and inlined calls of a program or a
shared library: some 6 % of its DWARF. A program that was stripped has them in its
reports when the block is shipped with it, and needs no time to read its DWARF.

  epitaph index -embed app && strip app
`,
	Setup: setUpIndex,
}

// indexBudget is more than the largest programs need.
const indexBudget = 1 << 31

func setUpIndex(flags *flag.FlagSet) cli.Action {
	out := flags.String("o", "", "write the block to `X.episym`. The program looks for it beside the module, as MODULE.episym (the default), "+
		"and in the directories of WithDebugDirs under that name or as .build-id/xx/yyyy.episym. It is known by the build-id, "+
		"so make it from the very file that is stripped afterwards")
	embedded := flags.Bool("embed", false, "put the block into FILE, as the section .episym, which strip keeps and the loader ignores. "+
		"With -o, FILE stays as it is, and a copy gets the section")
	var debug dirs
	flags.Var(&debug, "debug", "look for FILE's debug file in `DIR` too, if FILE was stripped before. May be given several times")
	return func(_ *cli.Env, args []string) error {
		file, err := oneFile(args)
		if err != nil {
			return err
		}
		return index(file, *out, *embedded, debug)
	}
}

func index(file, to string, embedded bool, debug []string) error {
	data, err := makeBlock(file, debug, embedded)
	if err != nil {
		return err
	}
	if embedded {
		if to == "" {
			to = file
		}
		return embed(file, to, data)
	}
	if to == "" {
		to = file + symindex.ShippedSuffix
	}
	return replace(to, 0o644, func(f *os.File) error {
		_, err := f.Write(data)
		return err
	})
}

// makeBlock builds what is shipped with a file. What has no lines is not worth that,
// and is most likely a mistake.
func makeBlock(file string, debug []string, embedded bool) ([]byte, error) {
	text, source, err := symindex.GoFacts(file, debug)
	if format := (*elf.FormatError)(nil); errors.As(err, &format) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("%s: not an ELF file, as programs and libraries of Linux are", file)
	}
	if err != nil {
		return nil, err
	}
	result, err := symindex.Build(file, symindex.Options{
		Exclude: text, GoSource: source, Budget: indexBudget, DebugDirs: debug, Rebuild: true,
	})
	if err != nil {
		return nil, err
	}
	if result.Problem != nil {
		return nil, fmt.Errorf("%s: %w", file, result.Problem)
	}
	b, err := block.Parse(result.Data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	switch {
	case b.Flags()&block.Rows == 0:
		err = errors.New("it has no debug information, and there is no debug file for it: index it before it is stripped, and link it without -s and -w")
	case b.BuildID() == nil && !embedded:
		err = errors.New("it has no build-id by which its block could be known: link it with -Wl,--build-id, or use -embed")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	block.Seal(result.Data)
	return result.Data, nil
}

// replace writes a file that appears at its path when it is whole.
func replace(path string, mode os.FileMode, write func(*os.File) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if in := (*fs.PathError)(nil); errors.As(err, &in) {
		return &fs.PathError{Op: "create", Path: path, Err: in.Err} // not the name of the temporary file
	}
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Chmod(mode); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
