#!/bin/sh
# Start it for the same release as often and wherever you like: the command succeeds once, and every run exits 0.
# Usage: once-per-release.sh RELEASE COMMAND [ARGUMENT...]
set -eu

release=$1
shift
exec k8s-leader run --lock release --once "$release" -- "$@"
