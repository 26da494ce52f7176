#!/bin/sh
# Writes a report, unless a later leader has written it. The comparison is part of the statement, so nothing comes in between.
# The table is in postgresql.sql. Usage, under k8s-leader run: postgresql.sh ID BODY
set -eu

written=$(psql -qAtX -v ON_ERROR_STOP=1 -v id="$1" -v body="$2" -v token="$LEADER_FENCING_TOKEN" <<'SQL'
INSERT INTO reports (id, body, token) VALUES (:'id', :'body', :'token')
ON CONFLICT (id) DO UPDATE SET body = excluded.body, token = excluded.token
WHERE reports.token <= excluded.token
RETURNING token;
SQL
)
if [ -z "$written" ]; then
  echo "a later leader has written report $1: not written" >&2
  exit 1
fi
