#!/bin/sh
# Runs itself under a lock. If it is started twice, on any machines, the second exits with 75.
set -eu

if [ "${LEADER_LOCK:-}" != nightly ]; then
  exec k8s-leader run --try --lock nightly -- "$0" "$@"
fi

echo "the only one: $*"
