//go:build linux && (amd64 || arm64) && cgo

package main

// #include "victim.h"
import "C"

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/epitaph-go/epitaph/cgo"
	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/boxformat"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

func init() {
	// The box is lost by a fault in the notes while a snapshot is being written.
	commands["lose"] = func(path string) {
		slot := make([]byte, boxformat.SlotSize)
		for range 20 {
			scenario.Must(handler.Enable(options(path, "0s")...))
			var stop atomic.Bool
			var writing, ended sync.WaitGroup
			writing.Add(1)
			ended.Add(1)
			go func() {
				defer ended.Done()
				cgo.WriteBoxSlot(0, slot)
				writing.Done()
				for !stop.Load() {
					cgo.WriteBoxSlot(0, slot)
				}
			}()
			writing.Wait()
			C.victim_spoil(cgo.Notes())
			handler.Breadcrumb("faults")
			stop.Store(true)
			ended.Wait()
			if cgo.BoxWorks() {
				fmt.Println("the loss is forgotten")
			}
		}
	}
	// A crash on another thread while Enable moves the notes to the box at PATH,
	// before they are there or after that. A record that is claimed for ever makes
	// the move wait on both sides.
	commands["crash_in_move"] = func(arg string) {
		when, path, _ := strings.Cut(arg, " ")
		record := unsafe.Add(cgo.Notes(), boxformat.AnnotationsStart+63*boxformat.AnnotationSize)
		atomic.StoreUint64((*uint64)(record), 1)
		done := make(chan error, 1)
		go func() { done <- handler.Enable(options(path, "0s")...) }()
		for frozen() != boxformat.NotesMoving && len(done) == 0 {
		}
		for when == "after" && !notesAreOf(path) && len(done) == 0 {
		}
		C.victim_crash_thread()
		fmt.Println(<-done)
	}
	commands["frozen"] = func(string) { fmt.Println(frozen()) }
}

func frozen() uint32 {
	return atomic.LoadUint32((*uint32)(unsafe.Add(cgo.Notes(), boxformat.NotesFrozen)))
}

// notesAreOf tells whether the notes' pages are those of a file.
func notesAreOf(path string) bool {
	maps, err := os.ReadFile("/proc/self/maps")
	scenario.Must(err)
	for line := range strings.Lines(string(maps)) {
		if strings.HasPrefix(line, fmt.Sprintf("%08x-", uintptr(cgo.Notes()))) {
			return strings.HasSuffix(line, " "+path+"\n")
		}
	}
	return false
}
