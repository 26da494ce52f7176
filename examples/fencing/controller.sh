#!/bin/sh
# A controller in shell: brings the ConfigMap NAME to the state that it should have, again and again.
# Every patch carries the token of this term. If the API server refuses it, another one leads: give up.
# Usage, under k8s-leader run: controller.sh NAME [SECONDS BETWEEN TWO ROUNDS]
set -eu

name=$1 pause=${2:-10}
while :; do
  wanted=$(date +%F)
  patch=$(printf '{"metadata":{"annotations":{"k8s-leader.dev/fencing-token":"%s"}},"data":{"today":"%s"}}' \
    "$LEADER_FENCING_TOKEN" "$wanted")
  if ! said=$(kubectl patch configmap "$name" --type merge -p "$patch" 2>&1); then
    echo "$said" >&2
    case $said in *"has a successor"* | *"does not lead"*) exit 1 ;; esac
  fi
  sleep "$pause"
done
