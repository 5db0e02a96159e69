// Package tests runs whole programs into their crashes and reads what is left of them. It holds tests only; README.md
// says what is where, and lists every exception with its reason.
package tests
