// Package signs records that somebody is at work: a line every few milliseconds with the time, in
// seconds of CLOCK_MONOTONIC, which all processes of a machine share, and the process id. The form is
// that of test/cluster/support/life.ts, so that the same code measures overlaps.
package signs

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const every = 5 * time.Millisecond

// Write leaves a sign at once, then one every few milliseconds and a last one when done is closed.
// What it cannot write it does not hide: it panics.
func Write(path string, done <-chan struct{}) {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		sign(file)
		select {
		case <-done:
			sign(file)
			return
		case <-ticker.C:
		}
	}
}

func sign(file *os.File) {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		panic(err)
	}
	if _, err := fmt.Fprintf(file, "%d.%09d %d\n", now.Sec, now.Nsec, os.Getpid()); err != nil {
		panic(err)
	}
}
