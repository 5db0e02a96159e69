// Package scan reads addresses off the code of the runtime, which no linkname and no assembly may
// name: the operands of instructions in functions that may be named, and of those that
// they call.
//
// It breaks when a release of Go has another compiler: other instructions for the same
// lines. What is found is only known to be what was looked for when it is tested.
package scan
