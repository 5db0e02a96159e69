// Package crumbs is where package crumb, which every library may import, finds package
// handler, which a program may have linked.
package crumbs

import "sync/atomic"

// Leave leaves a breadcrumb; nil in a program without package handler.
var Leave atomic.Pointer[func(text string)]
