// Not in go.work: the library is a hundred megabytes, which nobody wants for a look at what the
// other modules require.
module github.com/epitaph-go/epitaph/tests/hosts/duckdb

go 1.26.0

require (
	github.com/epitaph-go/epitaph v0.0.0
	github.com/epitaph-go/epitaph/tests/hosts v0.0.0
	github.com/marcboeker/go-duckdb v1.8.5
)

require (
	github.com/apache/arrow-go/v18 v18.1.0 // indirect
	github.com/go-viper/mapstructure/v2 v2.2.1 // indirect
	github.com/goccy/go-json v0.10.5 // indirect
	github.com/google/flatbuffers v25.1.24+incompatible // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/ianlancetaylor/demangle v0.0.0-20260724033716-83e58baca724 // indirect
	github.com/klauspost/compress v1.17.11 // indirect
	github.com/klauspost/cpuid/v2 v2.2.9 // indirect
	github.com/pierrec/lz4/v4 v4.1.22 // indirect
	github.com/zeebo/xxh3 v1.0.2 // indirect
	golang.org/x/exp v0.0.0-20250128182459-e0ece0dbea4c // indirect
	golang.org/x/mod v0.22.0 // indirect
	golang.org/x/sync v0.10.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/tools v0.29.0 // indirect
	golang.org/x/xerrors v0.0.0-20240903120638-7835f813f4da // indirect
)

replace (
	github.com/epitaph-go/epitaph => ../../..
	github.com/epitaph-go/epitaph/tests/hosts => ..
)
