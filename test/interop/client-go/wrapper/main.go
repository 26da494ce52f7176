// Command wrapper runs a command while it leads by client-go's own leader election: what one would write
// in an afternoon, and what the benchmarks compare ours with.
//
//	wrapper [flags] -- CMD [ARG…]
//
// A TERM is passed on to the command, and the Lease is released once that has ended. When leadership is lost
// the command gets a TERM as well. The exit status is the command's. In a pod no kubeconfig is needed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/uuid"
	coordination "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

var (
	name          = flag.String("name", "", "of the Lease")
	namespace     = flag.String("namespace", "default", "of the Lease")
	kubeconfig    = flag.String("kubeconfig", "", "file; without it, the pod's own configuration")
	leaseDuration = flag.Duration("lease", 15*time.Second, "lease duration")
	renewDeadline = flag.Duration("renew", 10*time.Second, "renew deadline")
	retryPeriod   = flag.Duration("retry", 2*time.Second, "retry period")
)

func main() {
	flag.Parse()
	if flag.NArg() == 0 {
		fatal(errors.New("no command"))
	}
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		fatal(err)
	}
	host, err := os.Hostname()
	if err != nil {
		fatal(err)
	}
	identity := host + "_" + string(uuid.NewUUID())

	ctx, release := context.WithCancel(context.Background())
	work := &command{Cmd: exec.Command(flag.Arg(0), flag.Args()[1:]...), ended: make(chan struct{})}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	go func() {
		<-signals
		work.stop()
		release()
	}()

	leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
		Lock: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: *namespace, Name: *name},
			Client:     coordination.NewForConfigOrDie(config),
			LockConfig: resourcelock.ResourceLockConfig{Identity: identity},
		},
		LeaseDuration:   *leaseDuration,
		RenewDeadline:   *renewDeadline,
		RetryPeriod:     *retryPeriod,
		ReleaseOnCancel: true,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(context.Context) {
				work.run()
				release()
			},
			OnStoppedLeading: work.stop,
			OnNewLeader: func(holder string) {
				if holder != identity {
					fmt.Fprintln(os.Stderr, "standing by for", holder)
				}
			},
		},
	})
	os.Exit(work.status)
}

// command runs at most once, and never after it was stopped.
type command struct {
	*exec.Cmd
	lock    sync.Mutex
	stopped bool
	ended   chan struct{}
	status  int
}

// run returns when it has ended.
func (c *command) run() {
	c.lock.Lock()
	if c.stopped {
		c.lock.Unlock()
		return
	}
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := c.Start(); err != nil {
		fatal(err)
	}
	c.lock.Unlock()

	_ = c.Wait()
	c.status = c.ProcessState.ExitCode()
	if c.status < 0 {
		c.status = 128 + int(c.ProcessState.Sys().(syscall.WaitStatus).Signal())
	}
	close(c.ended)
}

// stop passes a TERM on, and returns when the command has ended or will never start.
func (c *command) stop() {
	c.lock.Lock()
	c.stopped = true
	started := c.Process != nil
	c.lock.Unlock()
	if started {
		_ = c.Process.Signal(syscall.SIGTERM)
		<-c.ended
	}
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
