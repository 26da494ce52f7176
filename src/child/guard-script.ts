/**
 * The guard's program, for any POSIX shell. Kept free of what only some shells can: no `read -t`, no job control,
 * no traps but ignoring.
 *
 *     wrapper ══ socket ══▶ relay ──┐
 *        ▲                          ├─ pipe ─▶ watch: one word a line
 *        │    sleep, then "ring" ───┘           │
 *        └───────── its end, by stdout ─────────┘
 *
 * `watch` blocks on one pipe, to which both the relayed wrapper and its own alarm write, so no wake-up can be
 * missed. The relay says "gone" when the wrapper's end of the socket is closed, which is when it has exited *and*
 * every process it was just starting has been executed: from then on the term's cookie finds them all.
 *
 * Every part may be killed, and the wrapper with it. Only `watch` keeps stdout open and ends with the relay, so the
 * wrapper learns of the end of either at once, and of the shell's own by waiting for it: it starts another guard and
 * tells the rest of this one that all is done. The shell outlives both parts to hear that, or to strike when the
 * wrapper has gone instead. The alarm is looked after with each renewal.
 *
 * Deadlines are centiseconds of /proc/uptime: absolute, shared with the wrapper, going on while the machine sleeps.
 * Descriptors are closed by `exec`, since a shell keeps a copy of what it redirects for a single command.
 * A process that ended while grep went through the list may have left an heir that was not on it. grep complains of
 * such ones, and of zombies: only when it has nothing new to say, everybody is dead.
 * One alarm at a time: an extended deadline is noticed when the old one rings. Once it has passed, the guard strikes
 * again and again, until there is a new one or it is told that all is done.
 */
export const guardScript = `
trap '' INT TERM HUP QUIT TSTP TTIN TTOU USR1 USR2 ALRM PIPE
unset guard
command -v sleep >/dev/null && command -v grep >/dev/null || { echo unfit; exit 4; }
cookie=$1

relay() {
  exec <&5 4>&- 5<&-
  while read -r line; do
    [ "$line" = done ] && leave
    echo "$line" || return
  done
  echo gone
}

watch() {
  exec 3<&0 >&4 4>&- 5<&-
  target= deadline= alarm= fractions=
  sleep 0.01 2>/dev/null && fractions=yes
  while read -r word value; do
    case $word in
      target) target=$value ;;
      until) deadline=$value ;;
      ring) alarm= ;;
      gone) strike; leave ;;
    esac
    [ "$deadline" ] && tend
  done
}

tend() {
  read -r up rest </proc/uptime
  left=$((deadline - \${up%.*} * 100 - 1\${up#*.} + 100))
  if [ $left -le 0 ]; then
    strike
    left=50
  fi
  [ "$alarm" ] && lives "$alarm" && return
  pause=$((left / 100))
  [ "$fractions" ] && pause=$pause.$((left / 10 % 10))$((left % 10))
  { exec >/dev/null 2>&1; sleep $pause; echo ring >/proc/self/fd/3; } &
  alarm=$!
}

lives() {
  read -r stat 2>/dev/null <"/proc/$1/stat" || return
  case \${stat##*) } in [ZX]*) return 1 ;; esac
}

strike() {
  round=0 before=
  while [ $round -lt 50 ]; do
    [ "$target" ] && kill -s KILL -- "$target" 2>/dev/null
    found=$(grep -lF "$cookie" /proc/[0-9]*/environ 2>&1)
    [ "$found" = "$before" ] && return
    before=$found
    for word in $found; do
      case $word in /proc/*/environ)
        process=\${word#/proc/}
        kill -s KILL "\${process%/environ}" 2>/dev/null ;;
      esac
    done
    round=$((round + 1))
  done
}

leave() {
  kill -s KILL 0
}

exec 4>&1 5<&3 3<&- >/dev/null
relay | watch &
exec <&5 4>&- 5<&-
wait
while read -r line; do [ "$line" = done ] && leave; done
strike
leave
`;
