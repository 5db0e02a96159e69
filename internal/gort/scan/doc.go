// Package scan reads addresses off the code of the runtime, which no linkname and no assembly may
// name: the operands of instructions in functions that may be named, and of those that
// they call.
//
// What is asked for is the same on every machine (the variables that are stored to atomically,
// the functions that are called); what the instructions look like is in a file for each machine:
// byte patterns on amd64, a decoder (package a64) and what is known of the registers on
// arm64.
//
// It breaks when a release of Go has another compiler: other instructions for the same
// lines. What is found is only known to be what was looked for when it is tested.
package scan
