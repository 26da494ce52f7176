"""Takes part in an election by the leader election of the package `kubernetes`.

It has no release: to stop is to end the process, and the lease runs out.
"""

import logging
import signal
import sys
import threading
import time

from kubernetes import config
from kubernetes.leaderelection import electionconfig, leaderelection
from kubernetes.leaderelection.resourcelock.configmaplock import ConfigMapLock
from kubernetes.leaderelection.resourcelock.leaselock import LeaseLock

from work import SIGN_EVERY_SECONDS, Observed, Signs, arguments, say

LOCKS = {"lease": LeaseLock, "configmap": ConfigMapLock}


class Work:
    """What may be done only while leading. The elector starts it in a thread of its own, which it
    neither stops nor waits for, so this does both."""

    def __init__(self, record):
        self._record = record
        self._ending = threading.Event()
        self._started = False
        self._ended = threading.Event()

    def run(self):
        self._started = True
        signs = Signs(self._record)
        signs.leave()
        say("leading", given.identity)
        while not self._ending.wait(SIGN_EVERY_SECONDS):
            signs.leave()
        signs.leave()
        self._ended.set()

    def stop(self):
        self._ending.set()
        if self._started:
            self._ended.wait()
            say("stopped", given.identity)


def on_term(*_):
    work.stop()
    sys.exit(0)


def watch(election):
    observed = Observed(election)
    while True:
        observed.look()
        time.sleep(0.02)


logging.basicConfig(level=logging.INFO)
given = arguments()
work = Work(given.record)
signal.signal(signal.SIGTERM, on_term)
config.load_kube_config(config_file=given.kubeconfig)
election = leaderelection.LeaderElection(
    electionconfig.Config(
        LOCKS[given.kind](given.name, given.namespace, given.identity),
        lease_duration=given.lease_duration,
        renew_deadline=given.renew_deadline,
        retry_period=given.retry_period,
        onstarted_leading=work.run,
        onstopped_leading=work.stop,
    )
)
threading.Thread(target=watch, args=(election,), daemon=True).start()
election.run()
