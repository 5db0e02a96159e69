// Package handler is a stand-in with the shape of the real one.
package handler

import (
	"context"
	"errors"
	"os"
	"time"
)

// ErrNoNative is the stand-in's.
var ErrNoNative = errors.New("handler: no native core")

// Option is the stand-in's.
type Option func()

// Enable does nothing.
func Enable(opts ...Option) error { return nil }

// Ready does nothing.
func Ready(ctx context.Context) error { return nil }

// WithOutput does nothing.
func WithOutput(*os.File) Option { return func() {} }

// WithDir does nothing.
func WithDir(path string) Option { return func() {} }

// WithDeadline does nothing.
func WithDeadline(time.Duration) Option { return func() {} }

// WithChain does nothing.
func WithChain() Option { return func() {} }

// WithMaxFrames does nothing.
func WithMaxFrames(n int) Option { return func() {} }
