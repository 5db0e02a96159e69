package symindex

import (
	"path/filepath"

	"github.com/epitaph-go/epitaph/internal/symindex/dwarf"
	"github.com/epitaph-go/epitaph/internal/symindex/objfile"
)

// openPackage opens the .dwp beside a file, if there is one.
func (b *builder) openPackage(path string) *dwarf.Package {
	f, err := objfile.Open(path + ".dwp")
	if err != nil {
		return nil
	}
	defer f.Close()
	p, err := dwarf.OpenPackage(f, b.work)
	if err != nil || p == nil {
		return nil
	}
	b.work.Allow(workPerByte * p.Size())
	return p
}

// split reads the unit that a skeleton stands for: from the .dwp, else from the
// .dwo that it names. Without them, lines and the names of symbols remain.
func (b *builder) split(skeleton *dwarf.Unit) {
	local := b.local
	b.local = make(map[dwarf.Str]uint32)
	defer func() { b.local = local }()
	found := false
	take := func(u *dwarf.Unit) error {
		if u.Types() {
			return nil
		}
		u.Skeleton = skeleton
		if err := u.Root(); err != nil {
			return err
		}
		if u.DwoID != skeleton.DwoID {
			return nil
		}
		found = true
		_ = b.scopes(u) // a damaged one gives what was read of it
		return dwarf.ErrStop
	}
	if b.pack != nil {
		_ = b.pack.Unit(skeleton.DwoID, take)
	}
	if !found {
		b.readSplit(skeleton, take)
	}
	if !found {
		b.emit(skeleton)
	}
}

func (b *builder) readSplit(skeleton *dwarf.Unit, take func(*dwarf.Unit) error) {
	path := string(skeleton.Text(skeleton.DwoName))
	if path == "" {
		return
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(string(skeleton.Text(skeleton.Dir)), path)
	}
	f, err := objfile.Open(path)
	if err != nil {
		return
	}
	defer f.Close()
	d, err := dwarf.Open(f, true, b.work)
	if err != nil || d == nil {
		return
	}
	defer d.Close()
	b.work.Allow(workPerByte * d.Size())
	_ = d.Units(take) // as above
}
