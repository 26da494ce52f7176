#!/bin/sh
# Server-side apply with the fencing token of this term in every object.
# All leaders are one field manager, so the next one owns the annotation without a conflict.
# Usage, under k8s-leader run: server-side-apply.sh FILE [ARGUMENT OF APPLY...]
set -eu

file=$1
shift
kubectl annotate --local --overwrite -f "$file" -o yaml \
  "k8s-leader.dev/fencing-token=$LEADER_FENCING_TOKEN" |
  kubectl apply --server-side --field-manager "$LEADER_LOCK" -f - "$@"
