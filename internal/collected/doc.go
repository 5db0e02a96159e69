// Package collected takes out of a log what a program has written, where a collector of
// logs has put something around each line: a time, a container's name, an object of JSON.
// Package report and package stackfmt read reports and dumps through it.
//
// A Prefix is text that stands before each line: of docker compose, journald, logcat, a
// test's indentation. The format is not declared, so it is found by what two lines have in common.
// An Unwrapper knows the forms that say themselves what they are: lines of CRI (what
// Kubernetes' nodes write), and lines of JSON of any logger. It joins the pieces into
// which these cut long lines.
package collected
