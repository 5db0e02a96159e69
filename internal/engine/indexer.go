//go:build cgo && linux && (amd64 || arm64)

package engine

import (
	"errors"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/cgo"
	"github.com/epitaph-go/epitaph/internal/symindex"
	"github.com/epitaph-go/epitaph/internal/symindex/offheap"
)

// How often the loader is asked whether it has loaded or unloaded anything: one
// look at two counters. A crash in between is no worse for it, since the core
// then reads /proc/self/maps; only names that are not exported are missing.
const modulePeriod = time.Second

// An indexer keeps the core's module table and its symbols up to date. It works on
// goroutines, not on the core's helper thread: it may wait for the loader's lock. They are
// there for a round only: a program that counts its goroutines has none more.
type indexer struct {
	quit      chan struct{}
	pace      pacer
	settings  atomic.Pointer[symbolSettings]
	failed    failures // modules without symbols
	frameless failures // modules whose .debug_frame has nothing
	last      indexed
}

// indexed is what a round was made for. The next one has nothing to do where that is the
// same: it would ask the core for each module, three times.
type indexed struct {
	table    uint32 // the core's module table; 0: something is to be tried again
	settings *symbolSettings
}

// symbolSettings are what options of Enable say of the symbols.
type symbolSettings struct {
	budget    int // of all modules together, in bytes
	debugDirs []string
	cache     string // a directory; "": none
}

func startIndexer(s *symbolSettings) *indexer {
	x := &indexer{quit: make(chan struct{}), failed: make(failures), frameless: make(failures)}
	x.settings.Store(s)
	mustHaveEHFrame()
	cgo.SymbolsPending(s.budget >= leastBlock) // a crash waits for them, for up to 20 ms
	go x.begin()
	return x
}

// stop does not wait for a module that is being read.
func (x *indexer) stop() { close(x.quit) }

// indexing is held by a round. An indexer that was stopped may still be at a large module
// when the next is started, which would read the same again.
var indexing sync.Mutex

// begin does what there is at first, and then looks for more again and again. It does not
// start with a timer: it is late already.
func (x *indexer) begin() {
	if x.work() {
		startBeat(modulePeriod, func() time.Duration {
			if !x.work() {
				return -1
			}
			return modulePeriod
		})
	}
}

// work is false when the indexer shall end: what is pending is the next one's.
func (x *indexer) work() bool {
	indexing.Lock()
	defer indexing.Unlock()
	if x.stopped() {
		return false
	}
	x.round()
	if x.stopped() {
		return false
	}
	cgo.SymbolsPending(false)
	return true
}

// settled is closed when a round that began after the call is over.
func (x *indexer) settled() <-chan struct{} {
	waiting := make(chan struct{})
	x.pace.awaited.Store(true)
	go func() {
		defer close(waiting)
		x.work()
		x.pace.awaited.Store(false)
	}()
	return waiting
}

// failures are the modules without an index, as long as they are loaded: a file
// of the same name may be another one the next time. Why is of no use.
type failures map[string]bool

func (failures) key(module *cgo.Module) string { return module.Path + string(module.BuildID) }

func (f failures) forgetOthers(modules []cgo.Module) {
	loaded := make(map[string]bool)
	for i := range modules {
		loaded[f.key(&modules[i])] = true
	}
	maps.DeleteFunc(f, func(key string, _ bool) bool { return !loaded[key] })
}

// round indexes the modules that have no index yet: names first, which is a matter of
// milliseconds, then what is needed to unwind them, then all else. The lock is held for
// calls of the core only, not while files are read. Without a budget none are: package
// crashtest's processes live for milliseconds, which .debug_frame of a Go program outlasts.
func (x *indexer) round() {
	if x.unchanged() {
		return
	}
	if x.settings.Load().budget < leastBlock {
		x.pass(true)
		return
	}
	if x.pass(true) && x.frames() {
		x.pass(false)
	}
}

// unchanged reports whether the round before has done all that there is.
func (x *indexer) unchanged() bool {
	if !x.lock() {
		return false
	}
	now := indexed{cgo.UpdateModules(), x.settings.Load()}
	mu.Unlock()
	before := x.last
	x.last = now
	return now == before
}

// again has the next round try what failed, or had no room: modules that are gone may
// leave theirs later.
func (x *indexer) again() { x.last.table = 0 }

// frames gives the core what the .debug_frame of modules says; false when the indexer
// shall end.
func (x *indexer) frames() bool {
	if !x.lock() {
		return false
	}
	modules := cgo.Modules()
	mu.Unlock()
	x.frameless.forgetOthers(modules)
	for i := range modules {
		module := &modules[i]
		key := x.frameless.key(module)
		if module.HasFrames || x.frameless[key] {
			continue
		}
		opts := x.options(module)
		frames, err := symindex.Frames(module.Path, uint64(module.Bias), opts)
		if errors.Is(err, symindex.ErrReplaced) && module.GoText[1] != 0 {
			frames, err = symindex.Frames("/proc/self/exe", uint64(module.Bias), opts)
		}
		x.frameless[key] = err != nil && !passes(err)
		if err != nil {
			if passes(err) {
				x.again()
			}
			continue
		}
		if !x.lock() {
			offheap.Free(frames)
			return false
		}
		err = cgo.InstallFrames(module, frames)
		mu.Unlock()
		x.frameless[key] = err != nil
	}
	return !x.stopped()
}

// leastBlock is what a block takes at least: a page.
const leastBlock = 4096

// pass is false when the indexer shall end.
func (x *indexer) pass(namesOnly bool) bool {
	if !x.lock() {
		return false
	}
	cgo.UpdateModules()
	modules := cgo.Modules()
	left := x.settings.Load().budget - cgo.SymbolsSize()
	mu.Unlock()
	x.failed.forgetOthers(modules)
	for i := range modules {
		module := &modules[i]
		if module.Indexed || namesOnly && module.Named || x.failed[x.failed.key(module)] {
			continue
		}
		room := left + module.Symbols // the names that are there first will be gone
		if room < leastBlock {
			x.again()
			if !x.drop(module) {
				return false
			}
			continue
		}
		result, err := x.build(module, namesOnly, room)
		if module.GoText[1] != 0 {
			cgo.SymbolsNote(symbolsNote(result, err))
		}
		if err == nil {
			if !x.lock() {
				result.Free()
				return false
			}
			left = room - len(result.Data)
			err = cgo.InstallSymbols(module, result.Data, int(result.Dropped))
			mu.Unlock()
		}
		if symindex.OverBudget(err) && !x.drop(module) {
			return false
		}
		if passes(err) {
			x.again()
		} else if err != nil {
			x.failed[x.failed.key(module)] = true
		}
	}
	return !x.stopped()
}

// drop says that there is no room for a module; false when the indexer shall end.
func (x *indexer) drop(module *cgo.Module) bool {
	if !x.lock() {
		return false
	}
	cgo.DropSymbols(module)
	mu.Unlock()
	return true
}

func (x *indexer) options(module *cgo.Module) symindex.Options {
	settings := x.settings.Load()
	return symindex.Options{
		Exclude:   symindex.Range{Start: uint64(module.GoText[0]), End: uint64(module.GoText[1])},
		BuildID:   module.BuildID,
		DebugDirs: settings.debugDirs,
		Cache:     settings.cache,
		GoSource:  goSource(),
		Yield:     x.pace.yield,
	}
}

// build reads the module's file. The executable's file is there even when
// another one has taken its place.
func (x *indexer) build(module *cgo.Module, namesOnly bool, room int) (*symindex.Result, error) {
	opts := x.options(module)
	opts.Budget, opts.NamesOnly = room, namesOnly
	result, err := symindex.Build(module.Path, opts)
	if err != nil && len(module.BuildID) > 0 && module.GoText[1] != 0 {
		if again, err := symindex.Build("/proc/self/exe", opts); err == nil {
			return again, nil
		}
	}
	return result, err
}

// passes tells whether what failed may go well in the next round: the program has had
// no descriptor left, or no memory.
func passes(err error) bool {
	return errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) || errors.Is(err, unix.ENOMEM)
}

func (x *indexer) stopped() bool {
	select {
	case <-x.quit:
		return true
	default:
		return false
	}
}

// lock takes mu, unless the indexer shall end. It does not stand in line for it: a
// dump may hold it for reading until its text is taken, and a goroutine that waits to
// write keeps all other readers waiting.
func (x *indexer) lock() bool {
	for !mu.TryLock() {
		select {
		case <-x.quit:
			return false
		case <-time.After(lockPause):
		}
	}
	if x.stopped() { // who stops it holds mu
		mu.Unlock()
		return false
	}
	return true
}

const lockPause = 20 * time.Millisecond

// mustHaveEHFrame finds the call frame information of a static executable,
// whose program headers do not tell where it is. It is not left to the
// background: without it no C frame can be unwound.
func mustHaveEHFrame() {
	for _, module := range cgo.Modules() {
		if module.HasEHFrame {
			continue
		}
		if section, err := symindex.EHFrame(module.Path); err == nil {
			// A module that goes away between the two calls needs no frames.
			_ = cgo.InstallEHFrame(&module, uintptr(section.Start), uintptr(section.End))
		}
	}
}
