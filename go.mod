module github.com/epitaph-go/epitaph

go 1.26.0
