#!/bin/sh
# Waits for its turn, but not for ever, and tells what came of it.
set -u

k8s-leader run --wait "${PATIENCE:-5m}" --lock deploy -- "$@"
status=$?
case $status in
  0) echo "done" ;;
  69) echo "the cluster is out of reach, nothing was started" >&2 ;;
  75) echo "somebody else is still at it, nothing was started" >&2 ;;
  79) echo "the lock was lost on the way, the command was stopped" >&2 ;;
  *) echo "the command ended with $status" >&2 ;;
esac
exit "$status"
