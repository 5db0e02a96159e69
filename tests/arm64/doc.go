// Package arm64 has the tests of this directory's neighbours run on linux/arm64, in a virtual
// machine: they are built here, with a cross compiler, together with the programs that they
// make crash, and their own assertions hold there as they hold here.
//
//   - vm boots a kernel and runs programs in it;
//   - guest is the first process there;
//   - job is what the two tell each other.
//
// Without EPITAPH_ARM64=full, twenty telling cases run. EPITAPH_ARM64=tests/live runs the
// suites of that directory, also those that full leaves out, and EPITAPH_ARM64=tests:^TestX$
// those of its tests.
package arm64
