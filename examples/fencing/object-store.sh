#!/bin/sh
# Writes an object, unless a later leader has written it. The store compares ETags (S3, MinIO and others: If-Match), so the
# token is kept in the object's metadata, and read together with the ETag. AUTH can be "--aws-sigv4 aws:amz:REGION:s3 --user KEY:SECRET".
# Usage, under k8s-leader run: object-store.sh URL FILE
set -eu

url=$1 file=$2
store() { # prints the status of the answer
  # shellcheck disable=SC2086 # several words
  curl -sS -o /dev/null -w '%{http_code}' ${AUTH:-} "$@"
}
headers=$(mktemp)
trap 'rm -f "$headers"' EXIT

while :; do
  case $(store --head --dump-header "$headers" "$url") in
    200)
      header() { tr -d '\r' <"$headers" | sed -n "s/^$1: *//Ip"; }
      newest=$(header x-amz-meta-fencing-token)
      if [ "$LEADER_FENCING_TOKEN" -lt "${newest:-0}" ]; then
        echo "token $LEADER_FENCING_TOKEN is older than $newest: not written" >&2
        exit 1
      fi
      condition="If-Match: $(header etag)"
      ;;
    404) condition='If-None-Match: *' ;;
    *) echo "cannot read $url" >&2 && exit 1 ;;
  esac
  case $(store --upload-file "$file" -H "$condition" -H "x-amz-meta-fencing-token: $LEADER_FENCING_TOKEN" "$url") in
    2??) exit 0 ;;
    409 | 412) ;; # somebody wrote in between: look again
    *) echo "cannot write $url" >&2 && exit 1 ;;
  esac
done
