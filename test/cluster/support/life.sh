# The first instructions of a command under test: notes its birth, which a runtime could do only much
# later, and becomes life.ts. Arguments: node, life.ts, the folder of the records, habits.
read -r now rest </proc/uptime
echo "$now birth" >>"$3/$LEADER_FENCING_TOKEN"
exec "$@"
