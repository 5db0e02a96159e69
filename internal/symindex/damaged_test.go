package symindex_test

import (
	"bufio"
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/symindex"
	"github.com/epitaph-go/epitaph/internal/symindex/block"
	"github.com/epitaph-go/epitaph/internal/symindex/dwarf"
	"github.com/epitaph-go/epitaph/internal/symindex/offheap"
)

// How long TestDamagedFiles goes on, from which seed, and what the core's look-up is compiled
// with. By default it damages a few hundred files.
const (
	damageTime  = "EPITAPH_DAMAGE_TIME"  // 30m
	damageSeed  = "EPITAPH_DAMAGE_SEED"  // 17
	damageFlags = "EPITAPH_DAMAGE_FLAGS" // -fsanitize=address,undefined
)

// lookupsPerBlock is how often the core looks into the block of each damaged file.
const lookupsPerBlock = 4000

// A reader is the core's look-up, which gets one block after the other.
type reader struct {
	cmd *exec.Cmd
	in  *bufio.Writer
	end io.Closer
	out bytes.Buffer
}

func startReader(t *testing.T) *reader {
	t.Helper()
	program := filepath.Join(t.TempDir(), "stream")
	args := []string{"-O2", "-g", "-D_GNU_SOURCE", "-fno-stack-protector", "-I../../native/image", "-o", program,
		"../../tests/native/stream_symblock.c", "../../native/image/symblock.c"}
	if flags := os.Getenv(damageFlags); flags != "" {
		args = append(args, "-fno-sanitize-recover=all", flags)
	}
	if out, err := exec.Command("cc", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	r := &reader{cmd: exec.Command(program, fmt.Sprint(lookupsPerBlock))}
	pipe, err := r.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	r.in, r.end = bufio.NewWriterSize(pipe, 1<<20), pipe
	r.cmd.Stdout, r.cmd.Stderr = &r.out, os.Stderr
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *reader) give(t *testing.T, data []byte) {
	t.Helper()
	size := binary.LittleEndian.AppendUint32(nil, uint32(len(data)))
	if _, err := r.in.Write(append(size, data...)); err != nil {
		t.Fatalf("the core's look-up has ended: %v", err)
	}
}

// finish returns how many blocks the reader got, opened, and how often it looked and found.
func (r *reader) finish(t *testing.T) (counts [4]int64) {
	t.Helper()
	if err := errors.Join(r.in.Flush(), r.end.Close(), r.cmd.Wait()); err != nil {
		t.Fatalf("the core's look-up: %v", err)
	}
	if _, err := fmt.Sscan(r.out.String(), &counts[0], &counts[1], &counts[2], &counts[3]); err != nil {
		t.Fatalf("%q: %v", r.out.String(), err)
	}
	return counts
}

// original is a file that is damaged, and put right again.
type original struct {
	file *os.File
	data []byte
	at   [][2]int // where damage misleads the most: the headers, and each section of symbols
}

func openOriginal(t *testing.T, path string) *original {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	o := &original{file: file, data: data, at: [][2]int{{0, len(data)}}}
	parsed, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return o // a .dwp of another kind, a block
	}
	table := int(binary.LittleEndian.Uint64(data[40:]))
	o.at = append(o.at, [2]int{0, 64}, [2]int{table, table + 64*len(parsed.Sections)})
	if len(parsed.Progs) > 0 {
		o.at = append(o.at, [2]int{64, 64 + 56*len(parsed.Progs)})
	}
	for _, s := range parsed.Sections {
		code := s.Flags&elf.SHF_EXECINSTR != 0
		if s.Type != elf.SHT_NOBITS && s.FileSize > 0 && !code {
			o.at = append(o.at, [2]int{int(s.Offset), int(s.Offset + s.FileSize)})
		}
	}
	return o
}

var oddBytes = []byte{0, 1, 0x7f, 0x80, 0xfe, 0xff}

// damage changes some bytes of the file, near each other or not, or cuts it short.
func (o *original) damage(t *testing.T, random *rand.Rand) {
	t.Helper()
	if random.IntN(50) == 0 {
		if err := o.file.Truncate(int64(random.IntN(len(o.data)))); err != nil {
			t.Fatal(err)
		}
		return
	}
	region := o.at[random.IntN(len(o.at))]
	for range 1 + random.IntN(12) {
		if random.IntN(4) == 0 {
			region = o.at[random.IntN(len(o.at))]
		}
		at := region[0] + random.IntN(region[1]-region[0])
		change := []byte{oddBytes[random.IntN(len(oddBytes))]}
		switch random.IntN(4) {
		case 0:
			change[0] = byte(random.Uint32())
		case 1:
			change[0] = o.data[min(at, len(o.data)-1)] ^ 1<<random.IntN(8)
		case 2: // of another place of the file
			from := random.IntN(len(o.data))
			change = o.data[from:min(from+1+random.IntN(16), len(o.data))]
		}
		if _, err := o.file.WriteAt(change, int64(at)); err != nil {
			t.Fatal(err)
		}
	}
}

func (o *original) mend(t *testing.T) {
	t.Helper()
	err := o.file.Truncate(int64(len(o.data)))
	if _, write := o.file.WriteAt(o.data, 0); err != nil || write != nil {
		t.Fatal(err, write)
	}
}

// A damager goes on for a while, and counts what comes of it.
type damager struct {
	core   *reader
	seed   uint64
	rounds int           // where there is no time
	share  time.Duration // of each kind of file
	worst  time.Duration

	files, built, refused int64
}

func newDamager(t *testing.T, kinds int) *damager {
	t.Helper()
	d := &damager{core: startReader(t), rounds: 40}
	if text := os.Getenv(damageTime); text != "" {
		all, err := time.ParseDuration(text)
		if err != nil {
			t.Fatal(err)
		}
		d.share = all / time.Duration(kinds)
	}
	if text := os.Getenv(damageSeed); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		d.seed = seed
	}
	return d
}

// each calls one with the random numbers of a round, which the seed and the round's number
// make again.
func (d *damager) each(t *testing.T, one func(*rand.Rand)) {
	t.Helper()
	for round, began := 0, time.Now(); ; round++ {
		if d.share == 0 && round == d.rounds || d.share > 0 && time.Since(began) > d.share {
			return
		}
		func() {
			at := time.Now()
			defer func() {
				if r := recover(); r != nil {
					t.Fatalf("%s=%d, round %d: %v\n%s", damageSeed, d.seed, round, r, debug.Stack())
				}
				d.worst = max(d.worst, time.Since(at))
			}()
			one(rand.New(rand.NewPCG(d.seed, uint64(round))))
		}()
		if t.Failed() {
			t.Fatalf("%s=%d, round %d", damageSeed, d.seed, round)
		}
	}
}

// take gives the block of a file to the core.
func (d *damager) take(t *testing.T, result *symindex.Result, err error) {
	t.Helper()
	d.files++
	if err != nil {
		d.refused++
		return
	}
	defer result.Free()
	d.built++
	b, err := block.Parse(result.Data)
	if err != nil {
		t.Errorf("it is no block: %v", err)
		return
	}
	for i := range min(b.Parts(), 4) {
		b.Lookup(b.Part(i)+1, nil)
	}
	d.core.give(t, result.Data)
}

// modules damages one file of those that are read for the module, again and again.
func (d *damager) modules(t *testing.T, path string) {
	t.Helper()
	files := []*original{openOriginal(t, path)}
	for _, pattern := range []string{"*.dwo", "*.dwp", "*.debug"} {
		found, err := filepath.Glob(filepath.Join(filepath.Dir(path), pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range found {
			files = append(files, openOriginal(t, name))
		}
	}
	inflated := int64(0)
	for _, o := range files {
		inflated += 64 * int64(len(o.data))
	}
	d.each(t, func(random *rand.Rand) {
		damaged := files[random.IntN(len(files))]
		damaged.damage(t, random)
		defer damaged.mend(t)
		pieces := int64(0)
		opts := symindex.Options{Budget: 1 << 22, NamesOnly: random.IntN(8) == 0, Yield: func() { pieces++ }}
		if random.IntN(8) == 0 {
			opts.Budget = random.IntN(1 << 15)
		}
		result, err := symindex.Build(path, opts)
		d.take(t, result, err)
		// Where the budget is too small the work begins anew, twice.
		if amount := pieces * dwarf.Slice; amount > 3*(symindex.MostWork(inflated)+inflated) {
			t.Errorf("files of %d bytes cost %d", inflated/64, amount)
		}
		if frames, err := symindex.Frames(path, 0, opts); err == nil {
			offheap.Free(frames)
		}
	})
}

// spoil damages a block. Sealed, its checksum fits, and its header leads into it.
func spoil(random *rand.Rand, good, id []byte) (data []byte, sealed bool) {
	data = bytes.Clone(good)
	for range 1 + random.IntN(12) {
		data[block.HeaderSize+random.IntN(len(data)-block.HeaderSize)] = byte(random.Uint32())
	}
	switch random.IntN(8) {
	case 0:
		return data[:random.IntN(len(data))], false
	case 1:
		return data, slices.Equal(data, good)
	case 2:
		data[random.IntN(block.HeaderSize)] = byte(random.Uint32())
	}
	data[56] = byte(copy(data[57:], id))
	block.Seal(data)
	return data, true
}

// sidecars damages the block that stands beside a stripped module.
func (d *damager) sidecars(t *testing.T) {
	t.Helper()
	good, id := sealed(t, linesELF)
	path := stripped(t)
	d.each(t, func(random *rand.Rand) {
		data, _ := spoil(random, good, id)
		put(t, path+symindex.ShippedSuffix, data)
		result, err := symindex.Build(path, symindex.Options{Budget: 1 << 22, BuildID: id})
		d.take(t, result, err)
	})
}

// caches damages the block in a cache. One whose checksum does not fit is built anew.
func (d *damager) caches(t *testing.T) {
	t.Helper()
	good, id := sealed(t, linesELF)
	opts := symindex.Options{Budget: 1 << 22, BuildID: id, Cache: filepath.Join(t.TempDir(), "cache")}
	if err := os.Mkdir(opts.Cache, 0o700); err != nil {
		t.Fatal(err)
	}
	build := func() (*symindex.Result, error) { return symindex.Build(linesELF, opts) }
	first, err := build()
	if err != nil {
		t.Fatal(err)
	}
	first.Free()
	files, err := filepath.Glob(filepath.Join(opts.Cache, "*"+symindex.ShippedSuffix))
	if err != nil || len(files) != 1 {
		t.Fatalf("%q, %v", files, err)
	}
	d.each(t, func(random *rand.Rand) {
		data, isSealed := spoil(random, good, id)
		put(t, files[0], data)
		result, err := build()
		if err != nil {
			t.Fatal(err)
		}
		if !isSealed && !slices.Equal(result.Data[block.HeaderSize:], good[block.HeaderSize:]) {
			t.Error("a damaged block was taken out of the cache")
		}
		d.take(t, result, nil)
	})
}

// Damaged files of all kinds: an error or a block, for a bounded amount of work, never a
// panic, and every look-up of the core's in such a block ends inside of it.
func TestDamagedFiles(t *testing.T) {
	notShort(t)
	d := newDamager(t, len(encodings)+4)
	for _, name := range []string{linesELF, "testdata/tiny.elf"} {
		t.Run(filepath.Base(name), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "module")
			put(t, path, data)
			d.modules(t, path)
		})
	}
	for _, e := range encodings {
		if d.share > 0 || e.name == "dwarf5" || e.name == "split5" || e.name == "zlib" {
			t.Run(e.name, func(t *testing.T) { d.modules(t, e.make(t)) })
		}
	}
	t.Run("sidecar", d.sidecars)
	t.Run("cache", d.caches)
	counts := d.core.finish(t)
	t.Logf("%d damaged files: %d refused, %d blocks, of which the core opened %d; %d look-ups, %d with an answer; the worst file took %v",
		d.files, d.refused, d.built, counts[1], counts[2], counts[3], d.worst)
	if counts[0] != d.built || counts[1] == 0 || counts[3] == 0 || d.refused == 0 {
		t.Errorf("%d, of %d blocks", counts, d.built)
	}
}
