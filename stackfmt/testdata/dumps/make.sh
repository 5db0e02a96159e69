#!/bin/sh
# Makes the archives of this folder, go1.21.tar.gz and so on: dumps that the program in
# ways prints, built by each Go release. sh make.sh DIR 1.21.13 1.22.12 ...
set -eu
out=$1; shift
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
for release; do
	minor=$(echo "$release" | cut -d. -f1-2)
	dir=$work/$minor; mkdir -p "$dir/src" "$dir/go$minor"
	for f in ways iterators leaks cgo dying_test bubble_test; do cp "$here/ways/$f.go.txt" "$dir/src/$f.go"; done
	printf 'module example.com/ways\n\ngo %s\n' "$minor" >"$dir/src/go.mod"
	(
		cd "$dir/src"
		export GOTOOLCHAIN=go$release GOWORK=off GOFLAGS=
		CGO_ENABLED=0 go build -trimpath -o ../plain .
		CGO_ENABLED=0 go build -trimpath -gcflags='-N -l' -o ../unoptimized .
		CGO_ENABLED=1 go build -trimpath -tags netgo,osusergo -o ../cgo .
		CGO_ENABLED=0 go test -c -trimpath -o ../test .
	)
	run() { # NAME LEVEL DEBUG PROGRAM ARGUMENT...
		name=$1 level=$2 debug=$3; shift 3
		(cd "$dir" && ulimit -c 0 && GOTRACEBACK=$level GODEBUG=$debug timeout -s KILL 30 "$@" 2>"go$minor/$name.txt" >"$name.out") || :
		# Where stacks are printed on standard output, as by a test binary.
		if grep -q '^goroutine ' "$dir/$name.out"; then cat "$dir/$name.out" >>"$dir/go$minor/$name.txt"; fi
		grep -q '^\(goroutine .*:\|runtime stack:\)$' "$dir/go$minor/$name.txt" || rm "$dir/go$minor/$name.txt"
	}
	for way in $(sed -n 's/^\t"\([a-z]*\)": .*/\1/p' "$dir/src/ways.go") range pull pullwait leaked; do
		run "$way" single '' ./plain "$way"
	done
	# Go 1.21 and 1.22 print a panic's text as it is: a dump within one cannot be told apart.
	case $minor in 1.21 | 1.22) rm -f "$dir/go$minor/lines.txt" ;; esac
	for way in parked index goroutine served many rethrown unlock; do
		run "$way-all" all '' ./plain "$way"
		run "$way-system" system '' ./plain "$way"
		run "$way-plain" all '' ./unoptimized "$way"
	done
	for way in nilderef goroutine; do run "$way-crash" crash '' ./plain "$way"; done
	for way in goroutine locked parked crowd; do run "$way-ancestors" all tracebackancestors=4,tracebacklabels=1 ./plain "$way"; done
	for way in cnull cback cabort cgoroutine; do
		run "$way" single '' ./cgo "$way"
		run "$way-all" all '' ./cgo "$way"
		run "$way-system" system '' ./cgo "$way"
	done
	for t in TestPanic TestHelper TestBubbleDeadlock TestBubbleLeft TestBubblePanic; do run "test-$t" all '' ./test -test.run "^$t\$"; done
	run test-TestTimeout all '' ./test -test.run '^TestTimeout$' -test.timeout 200ms
	echo "go$minor: $(ls "$dir/go$minor" | wc -l) dumps"
	(cd "$dir" && tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -cf - "go$minor" | gzip -9n >"$out/go$minor.tar.gz")
done
rm -r "$work"
