/**
 * Deliberate defects: each breaks one rule that the promise stands on, in the way in which one would break it by
 * mistake. The simulation or the tests named here must notice every one of them.
 */
export interface Mutation {
  readonly name: string;
  /** Text that occurs exactly once in all of the code, wherever that is (`place.ts`), and what stands there instead. */
  readonly edits: readonly (readonly [from: string, to: string])[];
  /** Tests to run when the simulation has noticed nothing; it is not asked where it does not use the file. */
  readonly tests: readonly string[];
}

const election = ['test/election', 'test/run/serve.test.ts'];
const library = ['terms', 'run', 'elector'].map((name) => `test/library/${name}.test.ts`);
const takeover = ['test/takeover', 'test/election/death.test.ts'];
const annotations = ['test/locks/annotation.test.ts'];
const pairs = ['test/locks/pair.test.ts', 'test/locks/pair-contract.test.ts'];
const processes = (...names: readonly string[]) =>
  names.map((name) => `test/process/${name}.test.ts`);

export const mutations: readonly Mutation[] = [
  {
    name: 'trust counts from the answer',
    edits: [
      [
        'this.#track(sending)), sentAtMs };',
        'this.#track(sending)), sentAtMs: this.trustTime.now() };',
      ],
    ],
    tests: election,
  },
  {
    name: 'the wall clock decides',
    edits: [
      ['nowMs: clock.now(),\n      isOurs', 'nowMs: clock.wall(),\n      isOurs'],
      ['nowMs: clock.now(),\n      wallMs', 'nowMs: clock.wall(),\n      wallMs'],
      ['nowMs: clock.now(), timing, spread', 'nowMs: clock.wall(), timing, spread'],
    ],
    tests: election,
  },
  {
    name: 'remote times count',
    edits: [
      [
        'claimedUntilMs = nowMs + holder.durationMs;',
        'claimedUntilMs = nowMs + holder.durationMs - Math.max(0, 60_000 - (seen.record.renewTimeUs ?? 0) / 1_000);',
      ],
      [
        'if (seen && this.#isOfAnother(seen.record)) this.#asideUntilMs = -Infinity;\n',
        'if (seen && this.#isOfAnother(seen.record)) this.#asideUntilMs = -Infinity;\n    if (seen && this.#options.clock.wall() > (seen.record.renewTimeUs ?? 0) / 1_000 + 6_000) this.#observation = { ...this.#observation, promisedUntilMs: -Infinity };\n',
      ],
    ],
    tests: election,
  },
  {
    name: "a candidate's own duration counts",
    edits: [
      [
        'claimedUntilMs = nowMs + holder.durationMs;',
        'claimedUntilMs = nowMs + sight.assumedDurationMs;',
      ],
    ],
    tests: election,
  },
  {
    name: 'a new version does not restart the wait',
    edits: [
      [
        '  const { promisedUntilMs } = before ?? nothingPromised;',
        '  if (before?.seen && seen?.record.holder && before.seen.record.holder === seen.record.holder) return { ...before, seen };\n  const { promisedUntilMs } = before ?? nothingPromised;',
      ],
    ],
    tests: election,
  },
  {
    name: 'a claim is made on whatever is there by now',
    edits: [
      [
        '() =>\n        writer.claim(seen, {',
        'async () =>\n        writer.claim(await writer.read().catch(() => seen), {',
      ],
    ],
    tests: election,
  },
  {
    name: 'a claim that was answered late starts a term',
    edits: [
      [
        'return writer.trustTime.now() < trustFrom(sentAtMs, timing).lossAtMs;',
        'return pen !== undefined || trustFrom(sentAtMs, timing).lossAtMs > 0;',
      ],
    ],
    tests: election,
  },
  {
    name: 'a deadline is forgotten when the record is taken away',
    edits: [
      [
        'if (isTakenAway || isForeignEdit(before.seen, seen)) return true;',
        'if (isForeignEdit(before.seen, seen)) return true;\n  if (isTakenAway) return false;',
      ],
    ],
    tests: election,
  },
  {
    name: 'only renewals that were seen are promises',
    edits: [
      [
        'return holder ? Math.max(promisedUntilMs, nowMs + holder.durationMs) : promisedUntilMs;',
        'return holder && nowMs < 0 ? nowMs : promisedUntilMs;',
      ],
    ],
    tests: election,
  },
  {
    name: 'any empty holder is a release',
    edits: [
      [
        "return record.holder === '' && record.leaseDurationMs === 1_000;",
        "return record.holder === '';",
      ],
    ],
    tests: election,
  },
  {
    name: 'the own identity is mine',
    edits: [
      ["record.holder !== '' && this.wrote(record);", 'record.holder === this.#options.identity;'],
    ],
    tests: election,
  },
  {
    name: 'what a lost answer says is settled by reading',
    edits: [
      [
        'return tryAgain({ ...leader, basis: sight.seen, found, isAskedToStepDown }, undefined, now);',
        'const trust = trustFrom(now.nowMs, leader.timing);\n  return tryAgain({ ...leader, trust, basis: sight.seen, found, isAskedToStepDown }, undefined, now);',
      ],
    ],
    tests: election,
  },
  {
    name: 'another holder is tolerated',
    edits: [
      [
        "if (!isOurs) return { kind: 'usurped', holder };",
        "if (!isOurs && !timing) return { kind: 'usurped', holder };",
      ],
    ],
    tests: election,
  },
  {
    name: 'an answer after the end of the trust renews it',
    edits: [
      [
        'const leader = afterTime(before, now);',
        "const leader = news.kind === 'written' ? before : afterTime(before, { ...now, nowMs: now.nowMs - 500 });",
      ],
    ],
    tests: election,
  },
  {
    name: 'an event of the watch ends the term',
    edits: [
      [
        '  const alarm = { version, atMs: nowMs };\n',
        "  const alarm = { version, atMs: nowMs };\n  if (alarm) return { ...leader, loss: { kind: 'expired' } };\n",
      ],
    ],
    tests: election,
  },
  {
    name: 'a leader believes old news',
    edits: [
      [
        'if (basis && isLater(version, basis.version) === false) return leader;',
        'if (!basis) return leader;',
      ],
    ],
    tests: election,
  },
  {
    name: 'a candidate believes old news',
    edits: [
      [
        'const isNews = known ? isLater(version, known.version) : true;',
        'const isNews = known ? isLater(version, known.version) !== undefined : true;',
      ],
    ],
    tests: election,
  },
  {
    name: 'news that may be old promise nothing',
    edits: [['memory.overhear(seen);', '']],
    tests: election,
  },
  {
    name: 'a silent watch is trusted for ever',
    edits: [['watch.renew();', '']],
    tests: election,
  },
  {
    name: 'everybody claims in the same moment',
    edits: [['byMany ? hesitationMs', 'byMany ? 0 * hesitationMs']],
    tests: election,
  },
  {
    name: 'who was too slow once is as quick the next time',
    edits: [['!sight.isOurs && isNewTerm(this.#observation, seen)', 'false']],
    tests: election,
  },
  {
    name: 'who wakes late claims before it has read the news',
    edits: [['if (clock.now() - beganAtMs < longTurnMs) break;', 'break;']],
    tests: election,
  },
  {
    name: 'who stays late waits for quiet for ever',
    edits: [['turns < mostTurns && ', '']],
    tests: election,
  },
  {
    name: 'requests have no bound',
    edits: [
      [
        'const boundMs = Math.min(endsAtMs - clock.now(), requestTimeoutMs);',
        'const boundMs = requestTimeoutMs + Infinity;',
      ],
    ],
    tests: election,
  },
  {
    name: 'a suspended machine keeps its trust',
    edits: [['now: () => clock.now() + suspendedMs()', 'now: () => clock.now()']],
    tests: election,
  },
  {
    name: 'the margin is forgotten',
    edits: [['return 250 + 0.05 * leaseDurationMs;', 'return 0 * leaseDurationMs;']],
    tests: election,
  },
  {
    name: 'the loss is declared when the lease runs out',
    edits: [
      [
        'lossAtMs: sentAtMs + timing.renewDeadlineMs,',
        'lossAtMs: sentAtMs + timing.leaseDurationMs,',
      ],
    ],
    tests: election,
  },
  {
    name: 'the lock is released before the command has ended',
    edits: [
      ["shutdown.abort('SIGTERM');", "shutdown.abort('SIGTERM');\n      void term.release();"],
    ],
    tests: election,
  },
  {
    name: 'whatever is in the record is released',
    edits: [
      [
        "if (!isWrittenByUs || !isOfThisTerm) return { kind: 'not-ours' };",
        "if (!seen || (!seen.record.holder && !isOfThisTerm)) return { kind: 'not-ours' };",
      ],
    ],
    tests: election,
  },
  {
    name: 'a release does not wait for a write on the wire',
    edits: [
      [
        'await bounded({ clock, boundMs: boundMs / 2 }, () => writer.settled()).catch(() => undefined);',
        '',
      ],
    ],
    tests: election,
  },
  {
    name: 'a release trusts what a renewal under way has made out of date',
    edits: [['!loss && writer.isOurs(options.latest?.record)', '!loss && options.latest']],
    tests: election,
  },
  {
    name: 'a withdrawn claim is left behind',
    edits: [
      ['if (campaign.mayHold) await this.#withdraw();', 'if (!campaign) await this.#withdraw();'],
    ],
    tests: election,
  },
  {
    name: 'renewals stop when the command is asked to stop',
    edits: [
      [
        'this.#endWork(this.#options.shutdown.reason);',
        'this.#become(afterRelease(this.#leader));',
      ],
    ],
    tests: election,
  },
  {
    name: 'a command is given time although another leads',
    edits: [
      [
        "const graceMs = loss.kind === 'usurped' ? 0 : term.remainingMs();",
        'const graceMs = term.remainingMs();',
      ],
    ],
    tests: election,
  },
  {
    name: 'a sleeping machine stretches the stop budget',
    edits: [
      [
        'while (!signal.aborted && clock.bootTime() < atMs)',
        'while (!signal.aborted && clock.now() < atMs)',
      ],
      [
        'Math.min(atMs - clock.bootTime(), longestNapMs)',
        'Math.min(atMs - clock.now(), longestNapMs)',
      ],
      ['if (clock.bootTime() + ms >= atMs)', 'if (clock.now() + ms >= atMs)'],
      ['atMs = clock.bootTime() + ms;', 'atMs = clock.now() + ms;'],
    ],
    tests: [...election, 'test/run/deadline.test.ts'],
  },
  {
    name: 'a signal between election and start is lost',
    edits: [
      [
        '    signals.hold();\n    if (!shutdown',
        '    signals.listen(() => undefined);\n    if (!shutdown',
      ],
    ],
    tests: election,
  },
  {
    name: "the command's exit code is lost",
    edits: [['return endAs(end, plan);', 'return { status: 0 };']],
    tests: election,
  },
  {
    name: 'a Lease is written without its version',
    edits: [
      [
        'const metadata = { ...object.metadata, resourceVersion: basis.version };',
        'const metadata = { ...object.metadata, resourceVersion: undefined };',
      ],
    ],
    tests: ['test/locks/lease.test.ts'],
  },
  {
    name: 'fields of others are not written back',
    edits: [
      [
        "spec: { ...specOf(lease), ...fieldsOf(record, 'leaseTransitions') },",
        "spec: fieldsOf(record, 'leaseTransitions'),",
      ],
    ],
    tests: ['test/locks/lease.test.ts'],
  },
  {
    name: 'an annotation that nobody understands is free',
    edits: [['recordFrom({}, { holder: unknownHolder,', "recordFrom({}, { holder: '',"]],
    tests: annotations,
  },
  {
    name: 'a local time is taken for UTC',
    edits: [['([Zz]|[+-]\\d\\d:\\d\\d)$/', '([Zz]|[+-]\\d\\d:\\d\\d)?$/']],
    tests: annotations,
  },
  {
    name: 'other annotations are not written back',
    edits: [['{ ...annotations, [record', '{ [record']],
    tests: annotations,
  },
  {
    name: 'what a server says about a Secret is repeated',
    edits: [['isConfidential: true', 'isConfidential: false']],
    tests: annotations,
  },
  {
    name: 'a pair leads with the first alone',
    edits: [
      [
        "  return { kind: 'conflict', isPartial: true };\n}\n\nasync function giveBack",
        '  return written({ ...basis, first: one.current });\n}\n\nasync function giveBack',
      ],
    ],
    tests: pairs,
  },
  {
    name: 'a pair goes on with half a write',
    edits: [
      [
        "  if (one.kind === 'conflict') return one;\n  // If the connection",
        `  if (one.kind === 'conflict') {
    const found = await first.read(how);
    if (found?.record.renewTimeUs !== record.renewTimeUs || !found) return one;
    const rest = await second.write(record, basis.second, how);
    return rest.kind === 'conflict' ? rest : written({ first: found, second: rest.current });
  }
  // If the connection`,
      ],
    ],
    tests: pairs,
  },
  {
    name: 'a pair is released in the order in which it is claimed',
    edits: [
      [
        "  const other = await second.write(said.second, basis.second, how);\n  if (other.kind === 'conflict') return other;\n  const one = await first.write(said.first, basis.first, { signal: how.signal });\n  if (one.kind === 'conflict') return { kind: 'conflict', isPartial: true };",
        "  const one = await first.write(said.first, basis.first, how);\n  if (one.kind === 'conflict') return one;\n  const other = await second.write(said.second, basis.second, { signal: how.signal });\n  if (other.kind === 'conflict') return { kind: 'conflict', isPartial: true };",
      ],
    ],
    tests: pairs,
  },
  {
    name: 'half a claim is not given back',
    edits: [['if (isTakeover(said.first, basis)) await', 'if (!basis) await']],
    tests: pairs,
  },
  {
    name: 'half a renewal is given back',
    edits: [['if (isTakeover(said.first, basis)) await', 'await']],
    tests: pairs,
  },
  {
    name: 'half a renewal is nobody\u2019s',
    edits: [
      [
        "  return { kind: 'conflict', isPartial: true };\n}\n\nasync function giveBack",
        "  return { kind: 'conflict' };\n}\n\nasync function giveBack",
      ],
    ],
    tests: pairs,
  },
  {
    name: 'a pair that differs is free',
    edits: [['{ holder: unknownHolder, acquire', "{ holder: '', acquire"]],
    tests: pairs,
  },
  {
    name: 'a pair that differs belongs to the first',
    edits: [['if (!isSameTerm(held, alsoHeld)) {', 'if (!held) {']],
    tests: pairs,
  },
  {
    name: 'a pair is free when one of both is',
    edits: [
      [
        'if (!alsoHeld) return { record: { ...held, transitions }',
        "if (!alsoHeld) return { record: { ...held, holder: '', leaseDurationMs: 1_000, transitions }",
      ],
    ],
    tests: pairs,
  },
  {
    name: 'a pair lasts as long as the shorter',
    edits: [['return Math.max(durationMs, other', 'return Math.min(durationMs, other']],
    tests: pairs,
  },
  {
    name: 'half a claim hides that a hand has emptied the other object',
    edits: [['if (hasOtherPart(seen.emptied, before.seen?.emptied)) return true;', '']],
    tests: ['test/break/election.test.ts', 'test/election/observation.test.ts'],
  },
  {
    name: 'an emptied object counts again and again beside half a claim',
    edits: [['before.seen?.emptied', 'undefined']],
    tests: ['test/election/observation.test.ts'],
  },
  {
    name: 'half a claim makes us forget who may restore the other object',
    edits: [['holder: robbed ?? holder', 'holder']],
    tests: ['test/election/observation.test.ts'],
  },
  {
    name: 'a pair has the version of one',
    edits: [['joinVersions([first?.version, second?.version])', 'joinVersions([first?.version])']],
    tests: pairs,
  },
  {
    name: 'one of two objects that vanishes takes its promise along',
    edits: [
      ['if (hasLostPart(seen.version, before.version)) return true;\n', ''],
      ['import { hasLostPart, hasNewPart }', 'import { hasNewPart }'],
    ],
    tests: election,
  },
  {
    name: 'after half a claim anything that is shown will do',
    edits: [['isHalfWay && seen && hasParts', 'isHalfWay && !seen && hasParts']],
    tests: election,
  },
  {
    name: 'a torn lock is whole after a sleep',
    edits: [[' || (seen.isTorn && isOurs)', '']],
    tests: election,
  },
  {
    name: 'a local lock is written whatever its version',
    edits: [
      [
        "rename(join(folder, nameOf('head', basis)), ",
        "rename(join(folder, nameOf('head', headAmong(await readdir(folder)) ?? basis)), ",
      ],
    ],
    tests: ['test/locks/local.test.ts'],
  },
  {
    name: 'a local lock: what others mean to write is swept away',
    edits: [['mark.number <= number && mark.id !== id', 'mark.id !== id']],
    tests: ['test/locks/local.test.ts'],
  },
  {
    name: 'a local lock: a file that was replaced is believed',
    edits: [['      await store.confirm();\n', '']],
    tests: ['test/locks/local.test.ts'],
  },
  {
    name: 'a local lock: a new file forgets the tokens of the one before',
    edits: [[', seen, ...floors]', ', seen]']],
    tests: ['test/locks/local.test.ts'],
  },
  {
    name: 'a local lock: what another user has put there is taken',
    edits: [['|| found.uid === us', '|| found.uid !== -1']],
    tests: ['test/locks/local.test.ts'],
  },
  {
    name: 'the lock is released when the command has ended, whatever it left behind',
    edits: [
      ['const isGone = await untilGone(', 'const isGone = !status && await untilGone('],
      ["if (!isGone) return { kind: 'stuck' };", ''],
    ],
    tests: election,
  },
  {
    name: 'a lock whose command may live on is released',
    edits: [["if (!isGone) return { kind: 'stuck' };", '']],
    tests: election,
  },
  {
    name: 'KILL is forgotten',
    edits: [
      [
        "emit({ kind: 'killed', reason });\n    child.sendToAll('SIGKILL');",
        "emit({ kind: 'killed', reason });",
      ],
    ],
    tests: election,
  },
  {
    name: 'the keepers are not armed',
    edits: [
      ['    keepers.killAt(clock.bootTime() + killInMs());\n', '    killInMs();\n'],
      ['keepers.killAt(bootTimeMs);', ''],
    ],
    tests: processes('frozen-wrapper'),
  },
  {
    name: 'the keepers strike half a second late',
    edits: [['    if (!isInner)\n        ms += lagMs;', '    ms += 500;']],
    tests: ['test/child/keepers.test.ts'],
  },
  {
    name: 'the keepers do not strike when we are gone',
    edits: [['        wrapper = -1;\n        strikeNow();', '        wrapper = -1;']],
    tests: processes('killed-wrapper'),
  },
  {
    name: 'the outer keeper does not strike when the inner one is killed',
    edits: [['isStriking = true; /* if it said', '/* if it said']],
    tests: processes('keeper'),
  },
  {
    name: 'the inner keeper does not strike when the outer one is killed',
    edits: [['if (isInner && getppid() != outer)', 'if (false && outer)']],
    tests: processes('keeper'),
  },
  {
    name: 'a keeper that is stopped stays so',
    edits: [['if (pid == child && !isStriking)', 'if (false)']],
    tests: processes('keeper'),
  },
  {
    name: 'CMD survives both keepers',
    edits: [['    prctl(PR_SET_PDEATHSIG, SIGKILL);\n', '']],
    tests: processes('keeper'),
  },
  {
    name: 'what changed its session survives',
    edits: [
      [
        '        prctl(PR_SET_CHILD_SUBREAPER, 1);\n        prctl(PR_SET_PDEATHSIG',
        '        prctl(PR_SET_PDEATHSIG',
      ],
      ['if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) {', 'if (0) {'],
    ],
    tests: processes('stopping'),
  },
  {
    name: 'a keeper to which no orphan comes is trusted',
    edits: [['        return 71;\n    }\n    pid_t outer', '    }\n    pid_t outer']],
    tests: processes('places'),
  },
  {
    name: 'the keepers know only the children of CMD',
    edits: [
      [
        'if (stat.parent != getpid() && !isMember(stat.parent))',
        'if (stat.parent != getpid() && stat.parent != child)',
      ],
    ],
    tests: ['test/child/keepers.test.ts'],
  },
  {
    name: 'library: a term is handed back while its body runs',
    edits: [['      yield term;\n', '      void term.release();\n      yield term;\n']],
    tests: library,
  },
  {
    name: 'library: a shutdown does not wait for the work',
    edits: [['    await working;\n', '    await Promise.resolve();\n']],
    tests: library,
  },
  {
    name: 'library: the last word comes after the release',
    edits: [
      [
        '    await onStoppedLeading?.(reason);\n',
        '    await term.release();\n    await onStoppedLeading?.(reason);\n',
      ],
    ],
    tests: library,
  },
  {
    name: 'library: a leader whose work has failed goes on leading',
    edits: [['  if (failure) return failure;\n', '  if (failure) await told;\n']],
    tests: library,
  },
  {
    name: 'library: isLeader() does not ask the clock',
    edits: [['this.#term?.isTrusted() ?? false', 'this.#term?.isOngoing() ?? false']],
    tests: library,
  },
  {
    name: 'library: stop() does not wait',
    edits: [['while (this.#occupied) await this.#occupied.promise;', '']],
    tests: library,
  },
  {
    name: 'library: who let go stands again at once',
    edits: [['if (!term.loss) await candidacy', 'if (term.loss) await candidacy']],
    tests: library,
  },
  {
    name: 'library: work begins although it is no longer wanted',
    edits: [['(term.isTrusted() && !term.signal.aborted)', 'term.isTrusted()']],
    tests: library,
  },
  {
    name: 'step-down: a request to step down is followed whomever it is for',
    edits: [
      [
        'return note?.holder === holder && note.acquireTimeUs === acquireTimeUs;',
        'return note !== undefined && (holder !== "" || acquireTimeUs !== undefined);',
      ],
    ],
    tests: ['test/election/step-down.test.ts'],
  },
  {
    name: 'step-down: a request to step down is followed in the next term',
    edits: [[' && acquireTimeUs === facts.acquireTimeUs', '']],
    tests: ['test/election/verdict.test.ts'],
  },
  {
    name: 'step-down: what the watch shows is believed',
    edits: [
      [
        '  const alarm = { version, atMs: nowMs };\n',
        "  const alarm = { version, atMs: nowMs };\n  if (verdict.kind === 'ours' && verdict.isAsked) return { ...leader, isAskedToStepDown: true };\n",
      ],
    ],
    tests: ['test/election/step-down.test.ts'],
  },
  {
    name: 'step-down: the lock is handed over before the work has ended',
    edits: [
      ['      this.#asked.abort();\n', '      this.#asked.abort();\n      void this.release();\n'],
    ],
    tests: ['test/election/step-down.test.ts', 'test/run/run.test.ts'],
  },
  {
    name: 'step-down: nobody stands aside',
    edits: [
      [
        'const { asideUntilMs, hasRivals } = memory;',
        'const asideUntilMs = -Infinity, { hasRivals } = memory;',
      ],
    ],
    tests: ['test/election/step-down.test.ts'],
  },
  {
    name: 'step-down: whoever stands aside does so although another has led',
    edits: [['if (seen && this.#isOfAnother(seen.record)) this.#asideUntilMs = -Infinity;', '']],
    tests: ['test/election/step-down.test.ts'],
  },
  {
    name: 'step-down: a record that a hand has emptied tells that another has led',
    edits: [['return !isEmptied && ', 'return ']],
    tests: ['test/election/step-down.test.ts'],
  },
  {
    name: 'a watch is begun anew although it shows what a look finds',
    edits: [[' && !isShown', '']],
    tests: ['test/election/watching-candidate.test.ts'],
  },
  {
    name: 'step-down: --force clears a living leader',
    edits: [
      [
        '  if ((await look(lookOptions(plan, ports)))?.version !== seen.version) throw alive;\n',
        '',
      ],
    ],
    tests: ['test/commands/step-down.test.ts'],
  },
  {
    name: 'once: a failure is stored',
    edits: [['if (once === undefined || !isSuccess(end)) {', 'if (once === undefined) {']],
    tests: ['test/run/run.test.ts'],
  },
  {
    name: 'once: a command that was told to end has succeeded',
    edits: [['return !interruptedBy && shellStatus', 'return shellStatus']],
    tests: ['test/run/run.test.ts'],
  },
  {
    name: 'once: 0 although it is not stored',
    edits: [
      [
        "if (campaign.kind === 'aborted') return false;",
        "if (campaign.kind === 'aborted') return true;",
      ],
    ],
    tests: ['test/run/run.test.ts'],
  },
  {
    name: 'once: run again after a storing write without an answer',
    edits: [
      [
        '      const isStored = await store(',
        "      if ((await term.release({ done: once })).kind !== 'released') continue;\n      const isStored = await store(",
      ],
    ],
    tests: ['test/run/run.test.ts'],
  },
  {
    name: 'once: a key pushes out the others',
    edits: [['withKey(basis.record.done, done)', 'withKey([], done)']],
    tests: ['test/election/once.test.ts'],
  },
  {
    name: 'once: keys are lost with the next write',
    edits: [['done = before?.done, ', 'done, ']],
    tests: ['test/election/once.test.ts', 'test/locks/local.test.ts'],
  },
  {
    name: 'once: what is done is claimed',
    edits: [
      [
        "  if (once !== undefined && seen && isDone(seen.record, once)) return { kind: 'done' };\n",
        "  if (once !== undefined && seen && isDone(seen.record, once) && nowMs < 0) return { kind: 'done' };\n",
      ],
    ],
    tests: ['test/election/once.test.ts'],
  },
  {
    name: 'a release ends whatever was promised, on another object too',
    edits: [['hasNewPart(seen.uid, before.uid) && !isContinued', '!before']],
    tests: election,
  },
  {
    name: 'fewer transitions are nothing',
    edits: [['if (now.transitions < before.transitions) return true;\n', '']],
    tests: election,
  },
  {
    name: 'who is cleared by hand has released, under a lease of one second',
    edits: [['return isKnown && acquireTimeUs !== renewTimeUs;', 'return isKnown && false;']],
    tests: election,
  },
  {
    name: 'what was taken away, restored unseen, and taken away again is old news',
    edits: [
      [
        'if (isTakenAway || isForeignEdit(before.seen, seen)) return true;',
        'if (isForeignEdit(before.seen, seen)) return true;\n  if (isTakenAway) return Boolean(before.seen?.record.holder);',
      ],
    ],
    tests: election,
  },
  {
    name: 'a holder may shorten its own term',
    edits: [
      [
        'durationMs: isKnown ? Math.max(before.durationMs, saidMs) : saidMs',
        'durationMs: isKnown ? saidMs : saidMs',
      ],
    ],
    tests: election,
  },
  {
    name: 'a record of ours ends a promise that was broken by force',
    edits: [
      [
        'forcedUntilMs, holder: robbed ?? holder',
        'forcedUntilMs: -Infinity, holder: robbed ?? holder',
      ],
    ],
    tests: election,
  },
  {
    name: 'a refused claim is forgotten',
    edits: [
      [
        'isDoubtful: seen !== undefined && writer.isDoubtful(seen.record),\n',
        'isDoubtful: false,\n',
      ],
    ],
    tests: ['test/break/election.test.ts'],
  },
  {
    name: 'a refused claim is ours',
    edits: [['known.isDoubtful = true', 'known.isDoubtful = false']],
    tests: election,
  },
  {
    name: 'a refused renewal is doubtful',
    edits: [[' && known.term !== this.#runningTerm) known', ') known']],
    tests: election,
  },
  {
    name: 'only 4 claims are remembered',
    edits: [['rememberedClaims = 64', 'rememberedClaims = 4']],
    tests: election,
  },
  {
    name: 'a long outage forgets what was applied',
    edits: [
      ['if (term !== this.#runningTerm && ', 'if ('],
      ['      if (term === this.#runningTerm) continue;\n', ''],
      ['for (const [oldest, { term }] of this.#known)', 'for (const oldest of this.#known.keys())'],
    ],
    tests: ['test/break/election.test.ts', ...election],
  },
  {
    name: 'two renewals may be equal',
    edits: [['Math.max(nowUs, this.#latestUs + 1 + fraction)', 'Math.max(nowUs, -1)']],
    tests: ['test/break/election.test.ts'],
  },
  {
    name: 'a request to step down writes one record over both objects',
    edits: [
      [
        'return { ...part.record, stepDown, done, history };',
        'return { ...record, stepDown, done, history };',
      ],
    ],
    tests: ['test/break/election.test.ts', ...pairs],
  },
  {
    name: 'any acknowledged write ends the alarm',
    edits: [
      [
        'isLater(alarm.version, current.version) !== true',
        'isLater(alarm.version, current.version) !== null',
      ],
    ],
    tests: election,
  },
  {
    name: 'a renewal is sent again after the window has closed',
    edits: [[' && this.#nowMs() < lossAtMs(this.#leader);', ';']],
    tests: election,
  },
  {
    name: 'a lost term is released without a look',
    edits: [
      ['!loss && writer.isOurs(options.latest?.record)', 'writer.isOurs(options.latest?.record)'],
    ],
    tests: election,
  },
  {
    name: 'a stuck term is released',
    edits: [["if (end.kind !== 'stuck') await term.release();", 'await term.release();']],
    tests: election,
  },
  {
    name: 'a step-down reaches a command that has ended',
    edits: [["if (status || reason === 'shutdown') return;", "if (reason === 'shutdown') return;"]],
    tests: election,
  },
  {
    name: 'min-hold: no signal ends it',
    edits: [['term.signal.aborted || ', '']],
    tests: ['test/run/run.test.ts'],
  },
  {
    name: 'the keepers’ deadline is late by a stop while it is set',
    edits: [
      [
        'child.killAt(clock.bootTime() + term.remainingMs());',
        'child.killAt(term.remainingMs() + clock.bootTime());',
      ],
    ],
    tests: ['test/run/serve.test.ts'],
  },
  {
    name: 'library: the lock is handed back when the body is asked to end',
    edits: [
      [
        '    try {\n      yield term;',
        "    term.signal.addEventListener('abort', () => void term.release());\n    try {\n      yield term;",
      ],
    ],
    tests: library,
  },
  {
    name: 'a certified death voids what others were promised',
    edits: [
      [
        '{ seen, promisedUntilMs: othersUntilMs, othersUntilMs, forcedUntilMs }',
        '{ seen, promisedUntilMs: -Infinity, othersUntilMs, forcedUntilMs }',
      ],
    ],
    tests: takeover,
  },
  {
    name: 'a certified death voids what was taken away by force',
    edits: [
      [
        '{ seen, promisedUntilMs: othersUntilMs, othersUntilMs, forcedUntilMs }',
        '{ seen, promisedUntilMs: othersUntilMs, othersUntilMs, forcedUntilMs: -Infinity }',
      ],
    ],
    tests: takeover,
  },
  {
    name: 'a certified death counts for every term',
    edits: [['!holder || !isSameHome(homeIn(seen), dead)', '!holder']],
    tests: takeover,
  },
  {
    name: 'a certificate counts for every Pod of that name',
    edits: [["metadata['uid'] !== uid || ", '']],
    tests: takeover,
  },
  {
    name: 'a certificate counts without the mark',
    edits: [[' && hasLine(message, mark)', " && message !== ''"]],
    tests: takeover,
  },
  {
    name: 'a certificate counts while the container runs',
    edits: [['({ terminated }) => sure(terminated)', '(state) => sure(Object.values(state)[0])']],
    tests: takeover,
  },
  {
    name: 'a certificate counts with a shared PID namespace',
    edits: [[' || sharesProcesses(spec, container)', '']],
    tests: takeover,
  },
  {
    name: 'a container certifies though PID 1 is of another',
    edits: [[' && own?.mnt === first?.mnt', '']],
    tests: takeover,
  },
  {
    name: 'a term has a home though nothing certifies',
    edits: [['(await certify(record))', '(await certify(record).then(() => true))']],
    tests: takeover,
  },
];
