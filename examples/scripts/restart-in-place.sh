#!/bin/sh
# Starts a command again that fails, a second later, and keeps the lock meanwhile. Gives up when it has failed so often
# in a row (RESTARTS, 5): what it lacks may be there where another one leads. A run of a minute or more starts the count anew.
# Usage: k8s-leader run --lock NAME -- restart-in-place.sh CMD…
set -u

exec 3<&0 # what runs in the background would read nothing
stopped='' told='' child=''
tell() {
  told=yes
  kill -TERM "$child" 2>/dev/null
}
# To a shell's background INT means nothing, so any signal is passed on as TERM.
trap 'stopped=yes; [ -z "$child" ] || tell' TERM INT HUP

failures=0 status=0
while [ -z "$stopped" ]; do
  began=$(date +%s)
  "$@" <&3 &
  child=$!
  # It may have come before we knew whom to tell.
  [ -z "$stopped" ] || [ -n "$told" ] || tell
  wait "$child"
  status=$?
  # A signal ends the wait, not the command.
  while kill -0 "$child" 2>/dev/null; do
    wait "$child"
    status=$?
  done
  child=''
  [ "$status" -ne 0 ] || break
  [ $(($(date +%s) - began)) -lt 60 ] || failures=0
  failures=$((failures + 1))
  [ "$failures" -lt "${RESTARTS:-5}" ] || break
  [ -n "$stopped" ] || sleep 1
done
exit "$status"
