#!/bin/sh
# Rejects writes of a leader that already has a successor, which no lock can do alone.
# It keeps the newest token next to the file. A database would keep it in a column and compare it in the same statement.
# Usage, under k8s-leader run: fenced-write.sh FILE TEXT
set -eu

file=$1 text=$2
exec 9>>"$file.token"
flock 9
newest=$(tail -n 1 "$file.token")
if [ "$LEADER_FENCING_TOKEN" -lt "${newest:-0}" ]; then
  echo "token $LEADER_FENCING_TOKEN is older than $newest: not written" >&2
  exit 1
fi
echo "$LEADER_FENCING_TOKEN" >"$file.token"
echo "$text" >"$file"
