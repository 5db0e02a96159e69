// Package block is the format in which the C core finds functions, files, lines
// and inlined calls after a fault: one immutable block a module, that holds no
// pointers and needs no parsing. The core's own reader is native/image/symblock.c;
// [Block.Lookup] is the same in Go, for tools and as what the C one is tested
// against.
//
// All is little-endian. A block is a header, the blobs of the parts, the strings,
// and tables of 32-bit words. A part is a contiguous piece of a function:
//
//	 0 u32 magic   4 u16 version   6 u16 flags   8 u64 size
//	16 u32 crc32c of what follows, 0 in one that was never in a file   20 u32 version of the builder
//	24 u32 base, added to the starts   28 u32 lowest address of the file that is loaded
//	32 u32 parts  36 u32 files  40 u32 names  44 u32 bytes of blobs
//	48 u32 bytes of strings  52 u32 offset of the tables
//	56 u8 length of the build-id, 57 to 88 the build-id
//	96 blobs | strings, the first and the last byte 0 | zeros to a multiple of 4 |
//	   start[parts], rising | blob[parts] | name[parts] | file[files] | name[names]
//
// A blob has the part's size, how many check points, scopes and bytes of rows
// follow, and these. A scope is an inlined call, or the function itself, together
// with the file that its code is in; a parent stands before its children. A row
// holds from its PC to the next row's, mostly in one byte. A check point is the
// state at each 32nd row, so that a look-up reads 32 rows at most.
package block

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Magic, "Epi2", and the version of the layout begin a block.
const (
	Magic   = 0x32697045
	Version = 2
)

// Flags of a block.
const (
	Rows      = 1 << iota // it has lines
	Inlined               // it has inlined calls
	NamesOnly             // lines will come
)

const (
	headerSize  = 96
	checkSize   = 16
	scopeSize   = 15
	checkPeriod = 32

	maxBuildID = 32

	noScope  = 1<<24 - 1 // the parent of a scope that is the function itself
	nearFlag = 1 << 31   // in the line of a check point
)

// The codes of a row: below codeFar the PC's step, 1 to 15, and the line's, -5 to
// 10; else what follows.
const (
	codeFar    = 0xf0 + iota // uvar PC step, svar line step
	codeScope                // svar scope step, and these
	codeNext                 // the scope is the next one
	codeParent               // the scope is the parent
	codeNear                 // the next row's line is a near one
)

// Limits of the format.
const (
	MaxLine   = 1<<24 - 1
	MaxNumber = 1<<24 - 2 // of a name, a file, a scope
)

var (
	errFormat = errors.New("block: damaged")

	// ErrTooLarge is the error for what the format has no room for.
	ErrTooLarge = errors.New("block: too large")

	le = binary.LittleEndian
)

// A Block is one that was parsed.
type Block struct {
	data                      []byte
	base                      uint64
	parts, files, names       uint32
	blobs, strings            []byte
	starts, blobAt, partNames []byte
	fileAt, nameAt            []byte
}

// Parse checks the header and the sizes. A look-up checks everything else that it
// reads, so that a damaged block gives wrong answers at worst.
func Parse(data []byte) (*Block, error) {
	if len(data) < headerSize || le.Uint32(data) != Magic || le.Uint16(data[4:]) != Version {
		return nil, fmt.Errorf("%w: no block of version %d", errFormat, Version)
	}
	b := &Block{
		data: data, base: uint64(le.Uint32(data[24:])),
		parts: le.Uint32(data[32:]), files: le.Uint32(data[36:]), names: le.Uint32(data[40:]),
	}
	blobs, strings, tables := uint64(le.Uint32(data[44:])), uint64(le.Uint32(data[48:])), uint64(le.Uint32(data[52:]))
	size := tables + 12*uint64(b.parts) + 4*uint64(b.files) + 4*uint64(b.names)
	if size != uint64(len(data)) || le.Uint64(data[8:]) != size ||
		strings == 0 || headerSize+blobs+strings > tables || data[56] > maxBuildID {
		return nil, fmt.Errorf("%w: sizes that do not fit", errFormat)
	}
	b.blobs = data[headerSize : headerSize+blobs]
	b.strings = data[headerSize+blobs : headerSize+blobs+strings]
	if b.strings[0] != 0 || b.strings[strings-1] != 0 {
		return nil, fmt.Errorf("%w: strings without an end", errFormat)
	}
	rest := data[tables:]
	for _, t := range []struct {
		to    *[]byte
		count uint32
	}{{&b.starts, b.parts}, {&b.blobAt, b.parts}, {&b.partNames, b.parts}, {&b.fileAt, b.files}, {&b.nameAt, b.names}} {
		*t.to, rest = rest[:4*int(t.count)], rest[4*int(t.count):]
	}
	return b, nil
}

// BuildID is that of the module, or nil.
func (b *Block) BuildID() []byte {
	if b.data[56] == 0 {
		return nil
	}
	return b.data[57 : 57+int(b.data[56])]
}

// Start is the lowest address of the file that is loaded, which the loader adds its
// bias to.
func (b *Block) Start() uint64 { return uint64(le.Uint32(b.data[28:])) }

// Flags say what the block has.
func (b *Block) Flags() int { return int(le.Uint16(b.data[6:])) }

// Parts is how many pieces of functions the block knows.
func (b *Block) Parts() int { return int(b.parts) }

// Part returns where piece i begins, as an address of the file.
func (b *Block) Part(i int) uint64 { return b.base + uint64(le.Uint32(b.starts[4*i:])) }
