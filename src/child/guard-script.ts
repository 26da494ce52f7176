/**
 * The guard's program, for any POSIX shell. Kept free of what only some shells can: no `read -t`, no job control,
 * no traps but ignoring.
 *
 *     wrapper ══ socket ══▶ relay ──┐
 *                                   ├─ pipe ─▶ watch: one word a line
 *     sleep, then "ring" ───────────┘
 *
 * `watch` blocks on one pipe, to which both the relayed wrapper and its own alarm write, so no wake-up can be
 * missed. The relay ends when the wrapper's end of the socket is closed, which is when it has exited *and* every
 * process it was just starting has been executed: from then on the term's cookie finds them all.
 *
 * Deadlines are centiseconds of /proc/uptime: absolute, shared with the wrapper, going on while the machine sleeps.
 * One alarm at a time: an extended deadline is noticed when the old one rings.
 */
export const guardScript = `
trap '' INT TERM HUP QUIT TSTP TTIN TTOU USR1 USR2 ALRM PIPE
unset guard
command -v sleep >/dev/null || exit 4
cookie=$1

relay() {
  while read -r line; do echo "$line"; done
}

watch() {
  exec 3<&0
  target= deadline= alarm=
  while read -r word value; do
    case $word in
      target) target=$value ;;
      until) deadline=$value; [ "$alarm" ] || watch_clock ;;
      ring) alarm=; watch_clock ;;
      done) leave ;;
    esac
  done
  strike
  leave
}

watch_clock() {
  read -r up rest </proc/uptime
  left=$((deadline - \${up%.*}\${up#*.}))
  if [ $left -le 0 ]; then
    strike
    return
  fi
  seconds=$((left / 100)) hundredths=$((left % 100))
  [ $hundredths -lt 10 ] && hundredths=0$hundredths
  { sleep $seconds.$hundredths || sleep $seconds; echo ring >/proc/self/fd/3; } 2>/dev/null &
  alarm=$!
}

strike() {
  round=0
  while [ $round -lt 50 ]; do
    [ "$target" ] && kill -s KILL -- "$target" 2>/dev/null
    found=$(grep -lsF "$cookie" /proc/[0-9]*/environ)
    [ "$found" ] || return
    for environ in $found; do
      process=\${environ#/proc/}
      kill -s KILL "\${process%/environ}" 2>/dev/null
    done
    round=$((round + 1))
  done
}

leave() {
  kill -s KILL 0
}

relay | watch
`;
