module example.com/ingest

go 1.26.0

require github.com/epitaph-go/epitaph v0.0.0

require (
	github.com/ianlancetaylor/demangle v0.0.0-20260724033716-83e58baca724 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

// Only here: a program of your own has no such line.
replace github.com/epitaph-go/epitaph => ../..
