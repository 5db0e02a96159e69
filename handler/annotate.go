package handler

// Annotate says what is true of the program now: a crash report shows the
// value that each key has at the crash. A new value replaces the old one, and
// an empty value removes the key. There is no counterpart in Python.
//
// There is room for 64 keys; further ones are ignored. A key is cut after 64
// bytes, a value after 424, which is marked. Both may hold any bytes but NUL,
// which ends them; do not put secrets into them, for they are printed.
//
// It is safe for concurrent use and takes less than 100 ns for a key that has a
// value (a key that is new or removed takes a lock and a microsecond or so).
// It works before [Enable] as well, and does nothing where the core does not
// work. It must not be called after a fault, and changes nothing then.
func Annotate(key, value string) { engine.Annotate(key, value) }

// Breadcrumb notes what the program does. A crash report shows the last 128
// such texts with their age, oldest first. C code calls epi_breadcrumb of
// native/epitaph.h for the same.
//
// A text is cut after 232 bytes, which is marked, and ends at a NUL byte. It is
// safe for concurrent use, without a lock, and takes less than 100 ns. It works
// before [Enable] as well, and does nothing where the core does not work. It
// must not be called after a fault, and changes nothing then.
func Breadcrumb(text string) { engine.Breadcrumb(text) }
