// Package modtest tests Epitaph as a go command sees it: as a zip that a proxy
// hands out, vendored into a program, on other platforms, and with a header that has
// changed. There is nothing to import.
//
// The tests take the files of the working tree that git knows or would add, so that
// they are about what is written now. EPITAPH_MATRIX=full tries every header's
// folder and every platform.
package modtest
