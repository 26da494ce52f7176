#!/bin/sh
# Started for the same release any number of times, anywhere: the command succeeds once, and everybody ends with 0.
# Usage: once-per-release.sh RELEASE COMMAND [ARGUMENT...]
set -eu

release=$1
shift
exec k8s-leader run --lock release --once "$release" -- "$@"
