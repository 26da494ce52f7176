"""What both electors of this folder share: their arguments, what they say, and the work of a leader.

stdout: a JSON object a line, {"event": "observed", "holder": ...}, {"event": "leading", ...} and
{"event": "stopped", ...}. A leader leaves a sign every few milliseconds in its record file: the time,
in seconds of CLOCK_MONOTONIC, which all processes of a machine share, and the process id. The form is
that of test/cluster/support/life.ts, so that the same code measures overlaps.
"""

import argparse
import json
import os
import time

SIGN_EVERY_SECONDS = 0.005


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", choices=["lease", "configmap"], default="lease")
    for name in ("name", "namespace", "identity", "kubeconfig", "record"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("lease-duration", "renew-deadline", "retry-period"):
        parser.add_argument(f"--{name}", type=int, required=True, help="seconds")
    return parser.parse_args()


def say(event, holder):
    os.write(1, (json.dumps({"event": event, "holder": holder}) + "\n").encode())


class Signs:
    """The record file of a leader."""

    def __init__(self, path):
        self._file = os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o644)

    def leave(self):
        now = time.clock_gettime(time.CLOCK_MONOTONIC)
        os.write(self._file, f"{now:.6f} {os.getpid()}\n".encode())


class Observed:
    """Tells once whenever the elector sees another holder than before."""

    def __init__(self, election):
        self._election = election
        self._holder = None

    def look(self):
        record = self._election.observed_record
        holder = record.holder_identity if record else None
        if holder and holder != self._holder:
            self._holder = holder
            say("observed", holder)
