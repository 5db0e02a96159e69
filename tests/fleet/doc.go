// Package fleet sends reports to real servers of logs and asks the servers what they
// have got. "make fleet" builds the servers and runs the tests; where a server is missing
// its tests are skipped, and say what they need. The logs of containers are written by conmon
// and Docker, where these are installed and may be run, and by the tests.
package fleet
