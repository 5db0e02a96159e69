// Package fleet sends reports to real servers of logs and asks the servers what they
// have got. "make fleet" builds the servers and runs the tests; where a server is missing
// its tests are skipped, and say what they need.
package fleet
