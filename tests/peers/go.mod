module github.com/epitaph-go/epitaph/tests/peers

go 1.26.0

require (
	github.com/DataDog/gostackparse v0.7.0
	github.com/cockroachdb/errors v1.14.0
	github.com/epitaph-go/epitaph v0.0.0
	github.com/go-errors/errors v1.5.1
	github.com/google/go-cmp v0.7.0
	github.com/maruel/panicparse/v2 v2.5.0
	github.com/pkg/errors v0.9.1
	github.com/rotisserie/eris v0.5.4
	github.com/samber/oops v1.23.2
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3
	gitlab.com/tozd/go/errors v0.10.0
	golang.org/x/xerrors v0.0.0-20240903120638-7835f813f4da
)

require (
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/xeipuuv/gojsonpointer v0.0.0-20180127040702-4e3ac2762d5f // indirect
	github.com/xeipuuv/gojsonreference v0.0.0-20180127040603-bd5ef7bd5415 // indirect
	github.com/xeipuuv/gojsonschema v1.2.0 // indirect
	go.opentelemetry.io/otel/log v1.47.0 // indirect
)

require (
	github.com/cockroachdb/logtags v0.0.0-20230118201751-21c54148d20b // indirect
	github.com/cockroachdb/redact v1.1.5 // indirect
	github.com/epitaph-go/epitaph/export/otel v0.0.0
	github.com/getsentry/sentry-go v0.46.0 // indirect
	github.com/gogo/protobuf v1.3.2 // indirect
	github.com/ianlancetaylor/demangle v0.0.0-20260724033716-83e58baca724 // indirect
	github.com/joshdk/go-junit v1.0.0
	github.com/kr/pretty v0.3.1 // indirect
	github.com/kr/text v0.2.0 // indirect
	github.com/oklog/ulid/v2 v2.1.2 // indirect
	github.com/owenrumney/go-sarif/v3 v3.3.1
	github.com/rogpeppe/go-internal v1.9.0 // indirect
	github.com/samber/lo v1.53.0 // indirect
	go.opentelemetry.io/otel v1.47.0 // indirect
	go.opentelemetry.io/otel/trace v1.47.0 // indirect
	go.opentelemetry.io/proto/otlp v1.11.1
	go.yaml.in/yaml/v3 v3.0.6 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.42.0 // indirect
	google.golang.org/protobuf v1.36.12
)

replace github.com/epitaph-go/epitaph => ../..

replace github.com/epitaph-go/epitaph/export/otel => ../../export/otel
