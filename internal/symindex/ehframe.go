package symindex

import (
	"debug/elf"
	"fmt"
)

// EHFrame returns where the .eh_frame section of the file at path is, for a
// static executable, whose headers do not tell.
func EHFrame(path string) (Range, error) {
	file, err := elf.Open(path)
	if err != nil {
		return Range{}, fmt.Errorf("symindex: %w", err)
	}
	defer file.Close()
	section := file.Section(".eh_frame")
	if section == nil || section.Flags&elf.SHF_ALLOC == 0 {
		return Range{}, fmt.Errorf("symindex: %s: no .eh_frame", path)
	}
	return Range{Start: section.Addr, End: section.Addr + section.Size}, nil
}
