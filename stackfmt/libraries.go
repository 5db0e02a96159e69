package stackfmt

import (
	"fmt"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"unsafe"
)

// What the errors of some libraries tell besides their message and stack. Methods
// with common names are called on the types of these libraries only; what has no
// method is read from its field.

const (
	xerrorsPath   = "golang.org/x/xerrors"
	oopsPath      = "github.com/samber/oops"
	tozdPath      = "gitlab.com/tozd/go/errors"
	erisPath      = "github.com/rotisserie/eris"
	cockroachPath = "github.com/cockroachdb/errors"
)

// typePathOf returns the path of the package that declares the type of err.
func typePathOf(err error) string {
	t := reflect.TypeOf(err)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.PkgPath()
}

// fieldOf returns a field of the struct that err points to, if it has the type T.
func fieldOf[T any](err error, name string) (value T, ok bool) {
	v := reflect.ValueOf(err)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return value, false
	}
	f := v.Elem().FieldByName(name)
	if !f.IsValid() || f.Type() != reflect.TypeFor[T]() {
		return value, false
	}
	// The field is not exported, but the struct is addressable.
	return *(*T)(unsafe.Pointer(f.UnsafeAddr())), true
}

// xerrorsPosition returns the position that an error of x/xerrors keeps: the second
// of the frames in its field, see xerrors.Frame.
func xerrorsPosition(err error) []runtime.Frame {
	v := reflect.ValueOf(err)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return nil
	}
	frame := v.Elem().FieldByName("frame")
	if !frame.IsValid() || frame.Kind() != reflect.Struct {
		return nil
	}
	list := frame.FieldByName("frames")
	if !list.IsValid() || list.Kind() != reflect.Array || list.Type().Elem().Kind() != reflect.Uintptr {
		return nil
	}
	pcs := make([]uintptr, list.Len())
	for i := range pcs {
		pcs[i] = uintptr(list.Index(i).Uint())
	}
	frames := runtime.CallersFrames(pcs)
	if _, more := frames.Next(); !more {
		return nil
	}
	f, _ := frames.Next()
	if f.File == "" {
		return nil
	}
	return []runtime.Frame{f}
}

// hiddenCause returns an error that err was made from and that Unwrap does not
// give: the one behind a barrier of cockroachdb/errors, or what a method Cause
// returns. Of most libraries that is what Unwrap returns, too.
func hiddenCause(err error) error {
	if masked, ok := fieldOf[error](err, "maskedErr"); ok && strings.HasPrefix(typePathOf(err), cockroachPath) {
		return masked
	}
	e, ok := err.(interface{ Cause() error })
	if !ok {
		return nil
	}
	cause := e.Cause()
	if u, ok := err.(interface{ Unwrap() error }); cause == nil || ok && typePathOf(err) != tozdPath || ok && same(u.Unwrap(), cause) || same(cause, err) {
		return nil
	}
	return cause
}

func same(a, b error) bool {
	ka, _ := identity(a)
	kb, _ := identity(b)
	return ka != nil && ka == kb
}

// libraryNotes returns codes, hints and fields, each as a note.
func libraryNotes(err error) []string {
	notes := allNotes(err)
	if len(notes) == 0 || typePathOf(err) != oopsPath {
		return notes
	}
	// An error of oops repeats what the next one below it has.
	below := notesBelow(err)
	return slices.DeleteFunc(notes, func(n string) bool { return slices.Contains(below, n) })
}

func allNotes(err error) (notes []string) {
	path := typePathOf(err)
	add := func(name string, value any) {
		if value != nil && value != "" {
			notes = append(notes, fmt.Sprintf("%s: %v", name, value))
		}
	}
	fields := func(m map[string]any) {
		for _, name := range slices.Sorted(maps.Keys(m)) {
			notes = append(notes, fmt.Sprintf("%s = %v", name, m[name]))
		}
	}
	switch {
	case path == oopsPath:
		if e, ok := err.(interface{ Code() any }); ok {
			add("code", e.Code())
		}
		if e, ok := err.(interface{ Domain() string }); ok {
			add("domain", e.Domain())
		}
		if e, ok := err.(interface{ Tags() []string }); ok {
			add("tags", strings.Join(e.Tags(), ", "))
		}
		if e, ok := err.(interface{ Hint() string }); ok {
			add("hint", e.Hint())
		}
		if e, ok := err.(interface{ Owner() string }); ok {
			add("owner", e.Owner())
		}
		if e, ok := err.(interface{ Context() map[string]any }); ok {
			fields(e.Context())
		}
	case path == tozdPath:
		if e, ok := err.(interface{ Details() map[string]any }); ok {
			fields(e.Details())
		}
	case strings.HasPrefix(path, cockroachPath+"/"):
		if e, ok := fieldOf[error](err, "secondaryError"); ok && e != nil {
			add("secondary error", errorText(e))
		}
		if code, ok := fieldOf[int](err, "code"); ok {
			add("code", code)
		}
	}
	return notes
}

// notesBelow returns the notes of the nearest error of oops that err wraps.
func notesBelow(err error) []string {
	for range mostTold {
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			break
		}
		if err = u.Unwrap(); err == nil {
			break
		}
		if typePathOf(err) == oopsPath {
			return allNotes(err)
		}
	}
	return nil
}

// withoutInserted takes out of the stack of an eris error the addresses that eris
// put into it, those of the calls of Wrap: they are in functions whose call is there
// already. wraps are those positions.
func withoutInserted(pcs, wraps []uintptr) []uintptr {
	if len(wraps) == 0 {
		return pcs
	}
	out := make([]uintptr, 0, len(pcs))
	for i, pc := range pcs {
		// eris takes one off the address twice.
		inserted := slices.Contains(wraps, pc) || slices.Contains(wraps, pc-1) || slices.Contains(wraps, pc-2)
		if inserted && i > 0 && functionAt(pcs[i-1]) == functionAt(pc) {
			continue
		}
		out = append(out, pc)
	}
	return out
}
