package stackfmt

import "fmt"

func FromError(err error, opts ...Option) *Traceback {
	if err == nil {
		return nil
	}
	return &Traceback{Type: fmt.Sprintf("%T", err), Message: err.Error()}
}

func FromPanic(value any, opts ...Option) *Traceback {
	return &Traceback{Type: "panic", Message: fmt.Sprint(value)}
}

func lastPanic() *Traceback { return nil }
