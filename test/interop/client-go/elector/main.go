// Command elector takes part in an election by client-go's own leader election, as its documentation
// asks for it: the work ends before the context does, so that the release comes after the work.
//
// stdout: a JSON object a line, {"event": "observed", "holder": …}, {"event": "leading"} and
// {"event": "stopped"}. While it leads it leaves signs in the record file (package signs).
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"k8s.io/client-go/tools/leaderelection"

	"k8s-leader.test/interop/signs"
)

var (
	kind          = flag.String("kind", "lease", "where the record lives")
	name          = flag.String("name", "", "of the lock")
	namespace     = flag.String("namespace", "", "of the lock")
	identity      = flag.String("identity", "", "of this candidate")
	kubeconfig    = flag.String("kubeconfig", "", "file")
	record        = flag.String("record", "", "file for the signs of leadership")
	leaseDuration = flag.Int("lease-duration", 0, "seconds")
	renewDeadline = flag.Int("renew-deadline", 0, "seconds")
	retryPeriod   = flag.Int("retry-period", 0, "seconds")
)

func main() {
	flag.Parse()
	ctx, cancel := context.WithCancel(context.Background())
	work := newWork()
	go onTerm(func() {
		work.stop()
		cancel()
	})

	leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
		Lock:            newLock(),
		LeaseDuration:   seconds(*leaseDuration),
		RenewDeadline:   seconds(*renewDeadline),
		RetryPeriod:     seconds(*retryPeriod),
		ReleaseOnCancel: true,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: work.run,
			OnStoppedLeading: work.stop,
			OnNewLeader:      func(holder string) { say("observed", holder) },
		},
	})
}

// work is what may be done only while leading; once stopped it never starts again.
type work struct {
	lock    sync.Mutex
	stopped bool
	ending  chan struct{}
	// ended is nil until it has started.
	ended chan struct{}
}

func newWork() *work {
	return &work{ending: make(chan struct{})}
}

// run works until it is stopped or the elector cancels the context.
func (w *work) run(ctx context.Context) {
	w.lock.Lock()
	if w.stopped {
		w.lock.Unlock()
		return
	}
	w.ended = make(chan struct{})
	w.lock.Unlock()

	defer close(w.ended)
	say("leading", *identity)
	until, end := context.WithCancel(ctx)
	defer end()
	go func() {
		<-w.ending
		end()
	}()
	signs.Write(*record, until.Done())
}

// stop returns when no work is being done any more, nor will be.
func (w *work) stop() {
	w.lock.Lock()
	defer w.lock.Unlock()
	if w.stopped {
		return
	}
	w.stopped = true
	close(w.ending)
	if w.ended != nil {
		<-w.ended
		say("stopped", *identity)
	}
}

func onTerm(stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	<-signals
	stop()
}

func say(event, holder string) {
	line, err := json.Marshal(map[string]string{"event": event, "holder": holder})
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}

func fatal(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(1)
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
