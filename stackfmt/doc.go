// Package stackfmt prints errors, panics and call stacks as Python's traceback
// module does.
package stackfmt
