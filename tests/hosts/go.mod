module github.com/epitaph-go/epitaph/tests/hosts

go 1.26.0

require (
	github.com/epitaph-go/epitaph v0.0.0
	github.com/mattn/go-sqlite3 v1.14.32
)

require (
	github.com/ianlancetaylor/demangle v0.0.0-20260724033716-83e58baca724 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace github.com/epitaph-go/epitaph => ../..
