#!/bin/sh
# kubectl apply with the fencing token of this term in every object: k8s-leader fence --by token refuses it from a former leader.
# Usage, under k8s-leader run: apply.sh FILE [ARGUMENT OF APPLY...]
set -eu

file=$1
shift
kubectl annotate --local --overwrite -f "$file" -o yaml \
  "k8s-leader.dev/fencing-token=$LEADER_FENCING_TOKEN" | kubectl apply -f - "$@"
