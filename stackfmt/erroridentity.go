package stackfmt

import (
	"fmt"
	"reflect"
	"strings"
)

// What errors are called, and when two of them are the same.

// groupMessage shortens the message of a group that only lists its members, as
// errors.Join makes it: the members are printed below it anyway. own is the
// message of the group itself, message that of what wraps it.
func groupMessage(message, own string, members []error) string {
	var all []string
	for _, m := range members {
		if m != nil {
			all = append(all, errorText(m))
		}
	}
	if own != strings.Join(all, "\n") {
		return message
	}
	count := fmt.Sprintf("%d errors", len(members))
	if len(members) == 1 {
		count = "1 error"
	}
	if before, ok := strings.CutSuffix(message, own); ok {
		return before + count
	}
	return message
}

func cycleMark(err error) *Traceback {
	return &Traceback{Type: reflect.TypeOf(err).String(), Message: errorText(err), Cycle: true}
}

func cutMark() *Traceback {
	return &Traceback{Type: "<...>", Message: fmt.Sprintf("the chain goes on, but only %d errors are taken", maxErrors)}
}

// identity returns what err is recognised by, nil if it cannot be. Errors that
// are pointers are the same if the pointers are. Equal values, such as two times
// syscall.ENOENT, are different errors that look alike: they do not count as
// shared, but one below the other can only be a chain that has no end.
func identity(err error) (key any, shared bool) {
	if err == nil {
		return nil, false
	}
	v := reflect.ValueOf(err)
	switch v.Kind() {
	case reflect.Pointer, reflect.Chan, reflect.UnsafePointer:
		return err, true
	case reflect.Map, reflect.Func:
		return pointerKey{v.Type(), v.Pointer()}, true
	case reflect.Slice, reflect.Struct, reflect.Array:
		// Some cannot be compared, and to compare the others can take as long
		// as their own chains are. An endless chain of these runs into
		// maxErrors.
		return nil, false
	}
	return err, false
}

// pointerKey is the identity of an error whose type cannot be compared.
type pointerKey struct {
	t reflect.Type
	p uintptr
}
