package block

import (
	"fmt"
	"hash/crc32"
)

const (
	sumAt = 16 // in the header
	sumOf = 20 // what the checksum is of, to the end
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Seal gives a block the checksum that Open asks for. It is for one that goes into a
// file.
func Seal(data []byte) {
	le.PutUint32(data[sumAt:], crc32.Checksum(data[sumOf:], castagnoli))
}

// Open is Parse for a block that comes out of a file: it has to have its checksum, and
// be whole.
func Open(data []byte) (*Block, error) {
	b, err := Parse(data)
	if err != nil {
		return nil, err
	}
	if le.Uint32(data[sumAt:]) != crc32.Checksum(data[sumOf:], castagnoli) {
		return nil, fmt.Errorf("%w: the checksum does not fit", errFormat)
	}
	if b.Flags()&NamesOnly != 0 {
		return nil, fmt.Errorf("%w: it has names only, for a moment", errFormat)
	}
	return b, nil
}
