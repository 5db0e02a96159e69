// Package hosts runs Epitaph in programs that other people wrote the greater part of: SQLite,
// DuckDB, librdkafka, a Java VM, CPython, a library in Rust, glog, jemalloc. It is a module of its
// own, so that none of them becomes a dependency of Epitaph.
package hosts
