#!/bin/sh
# Waits for its turn with a limit, and reports the outcome.
set -u

k8s-leader run --wait "${PATIENCE:-5m}" --lock deploy -- "$@"
status=$?
case $status in
  0) echo "done" ;;
  69) echo "the cluster is unreachable, nothing was started" >&2 ;;
  75) echo "somebody else still holds the lock, nothing was started" >&2 ;;
  79) echo "the lock was lost, the command was stopped" >&2 ;;
  *) echo "the command exited with $status" >&2 ;;
esac
exit "$status"
