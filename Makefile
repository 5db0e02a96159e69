# make demo     what each kind of crash looks like, without Epitaph and with it
# make test     everything that must hold; what CI runs
# make lint     the static checks alone
# make bench    speed, as ratios measured in one run
# make matrix   every kind of crash in every place in every kind of build (long)
# make arm64    many of these tests on linux/arm64, in a virtual machine (long)
# make arm64-builds  crashes there of programs that are built otherwise: PIE, static, musl, -race,
#                    branch protection, Go 1.27 (long)
# make fleet    reports to real servers of logs, which are built first (long)
# make pages    pages of reports in Chromium, with axe-core, and pictures of them
# make hosts    real programs with Epitaph in them: those that are installed (long)
# make fuzz     each fuzzer for FUZZTIME (long)
# make cover    test coverage of the Go packages
#
# Go and a C compiler are needed; what else a target uses is installed with the
# system's package manager where that is allowed, or else named.

GO       ?= go
BUILD    ?= build
FUZZTIME ?= 60s

# No instrumented or optimised-away frames in what the tests look at.
export CGO_ENABLED := 1

.PHONY: all demo test lint test-c test-go bench matrix arm64 arm64-builds fleet pages hosts fuzz fuzz-c fuzz-go cover clean

all: test

demo:
	@tools/need cc
	@$(GO) build $(DEMO_TAGS) -o $(BUILD)/crashdemo ./cmd/crashdemo
	@$(BUILD)/crashdemo tour

# The C++ crashes of crashdemo need a C++ compiler; without one they are left out.
DEMO_TAGS := $(if $(shell command -v $${CXX:-c++} 2>/dev/null),,-tags nocxx)

test: lint test-c test-go

lint:
	@tools/need cc
	@tools/lint

test-c:
	@tools/need cc cmake clang
	@tools/test-c $(BUILD)

test-go:
	@tools/need cc c++ gdb
	@tools/need $(ARM64_TOOLS) || echo "tests/arm64 is left out" >&2
	@tools/test-go

matrix: test-go
	EPITAPH_MATRIX=full $(GO) test -count=1 -timeout 60m ./tests/...
	cd tests/hosts && EPITAPH_MATRIX=full $(GO) test -count=1 -timeout 60m -run 'TestHealthy|TestCrashes|TestStdThread' .

# What the virtual machine of tests/arm64 needs; without it "make test" leaves that out.
ARM64_TOOLS := aarch64-linux-gnu-gcc aarch64-linux-gnu-g++ qemu-system-aarch64

arm64:
	@tools/need cc cmake qemu-aarch64 $(ARM64_TOOLS)
	@tools/test-c $(BUILD) arm64
	EPITAPH_ARM64=full $(GO) test -v -count=1 -timeout 40m ./tests/arm64

arm64-builds:
	@tools/need $(ARM64_TOOLS)
	EPITAPH_ARM64=builds $(GO) test -v -count=1 -timeout 40m ./tests/arm64

fleet:
	@tools/fleet $(BUILD)

pages:
	@tools/pages $(BUILD)

hosts:
	@tools/need cc c++
	cd tests/hosts && EPITAPH_MATRIX=full $(GO) test -count=1 -timeout 60m ./...

bench:
	@tools/need cc cmake
	@tools/bench $(BUILD)

fuzz: fuzz-c fuzz-go

fuzz-c:
	@tools/need cc cmake clang
	@FUZZTIME=$(FUZZTIME) tools/fuzz-c $(BUILD)

fuzz-go:
	@FUZZTIME=$(FUZZTIME) tools/fuzz-go

cover:
	$(GO) test -coverprofile=$(BUILD)/cover.out -coverpkg=./... ./...
	$(GO) tool cover -func=$(BUILD)/cover.out | tail -1

clean:
	rm -rf $(BUILD)
