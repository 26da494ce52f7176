/**
 * Deliberate defects: each breaks one rule that the promise stands on, in the way in which one would break it by
 * mistake. The simulation or the tests named here must notice every one of them.
 */
export interface Mutation {
  readonly name: string;
  /** Text that occurs exactly once in the file, and what stands there instead. */
  readonly edits: readonly (readonly [file: string, from: string, to: string])[];
  /** Tests to run when the simulation has noticed nothing; it is not asked where it does not use the file. */
  readonly tests: readonly string[];
}

const elector = 'src/election/elector.ts';
const memory = 'src/election/memory.ts';
const campaigning = 'src/election/campaigning.ts';
const watch = 'src/election/watch.ts';
const leader = 'src/election/leader.ts';
const leading = 'src/election/leading.ts';
const record = 'src/election/record.ts';
const request = 'src/election/request.ts';
const observation = 'src/election/observation.ts';
const foreignHand = 'src/election/foreign-edit.ts';
const signatures = 'src/election/signatures.ts';
const writer = 'src/election/writer.ts';
const release = 'src/election/release.ts';
const timing = 'src/election/timing.ts';
const child = 'src/child/child.ts';
const keeper = 'native/keeper.c';

const election = ['test/election', 'test/run/serve.test.ts'];
const library = ['terms', 'run', 'elector'].map((name) => `test/library/${name}.test.ts`);
const annotations = ['test/locks/annotation.test.ts'];
const pair = 'src/locks/pair.ts';
const pairRecord = 'src/locks/pair-record.ts';
const pairs = ['test/locks/pair.test.ts', 'test/locks/pair-contract.test.ts'];
const processes = (...names: readonly string[]) =>
  names.map((name) => `test/process/${name}.test.ts`);

export const mutations: readonly Mutation[] = [
  {
    name: 'trust counts from the answer',
    edits: [
      [
        writer,
        'this.#track(sending)), sentAtMs };',
        'this.#track(sending)), sentAtMs: this.trustTime.now() };',
      ],
    ],
    tests: election,
  },
  {
    name: 'the wall clock decides',
    edits: [
      [memory, 'nowMs: clock.now(),\n      isOurs', 'nowMs: clock.wall(),\n      isOurs'],
      [campaigning, 'nowMs: clock.now(),\n      wallMs', 'nowMs: clock.wall(),\n      wallMs'],
      [campaigning, 'nowMs: clock.now(), timing, spread', 'nowMs: clock.wall(), timing, spread'],
    ],
    tests: election,
  },
  {
    name: 'remote times count',
    edits: [
      [
        observation,
        'nowMs + holder.durationMs;',
        'nowMs + holder.durationMs - Math.max(0, 60_000 - (seen.record.renewTimeUs ?? 0) / 1_000);',
      ],
      [
        memory,
        "onSight(seen?.record.holder ?? '');\n",
        "onSight(seen?.record.holder ?? '');\n    if (seen && clock.wall() > (seen.record.renewTimeUs ?? 0) / 1_000 + 6_000) this.#observation = { ...this.#observation, promisedUntilMs: -Infinity };\n",
      ],
    ],
    tests: election,
  },
  {
    name: "a candidate's own duration counts",
    edits: [[observation, 'nowMs + holder.durationMs;', 'nowMs + sight.assumedDurationMs;']],
    tests: election,
  },
  {
    name: 'a new version does not restart the wait',
    edits: [
      [
        observation,
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
        campaigning,
        '() => writer.claim(seen, isWanted)',
        'async () => writer.claim(await writer.read().catch(() => seen), isWanted)',
      ],
    ],
    tests: election,
  },
  {
    name: 'a claim that was answered late starts a term',
    edits: [
      [
        campaigning,
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
        observation,
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
        observation,
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
        record,
        "return record.holder === '' && record.leaseDurationMs === 1_000;",
        "return record.holder === '';",
      ],
    ],
    tests: election,
  },
  {
    name: 'the own identity is mine',
    edits: [
      [
        writer,
        "record.holder !== '' && this.wrote(record);",
        'record.holder === this.#options.identity;',
      ],
    ],
    tests: election,
  },
  {
    name: 'what a lost answer says is settled by reading',
    edits: [
      [
        leader,
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
        'src/election/verdict.ts',
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
        leader,
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
        leader,
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
        leader,
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
        campaigning,
        'const isNews = known ? isLater(version, known.version) : true;',
        'const isNews = known ? isLater(version, known.version) !== undefined : true;',
      ],
    ],
    tests: election,
  },
  {
    name: 'a silent watch is trusted for ever',
    edits: [[campaigning, 'watch.renew();', '']],
    tests: election,
  },
  {
    name: 'everybody claims in the same moment',
    edits: [
      [
        campaigning,
        'watch.isOpen ? hesitationMs(random) : 0',
        'watch.isOpen ? 0 * hesitationMs(random) : 0',
      ],
    ],
    tests: election,
  },
  {
    name: 'who wakes late claims before it has read the news',
    edits: [[watch, 'if (clock.now() - beganAtMs < longTurnMs) break;', 'break;']],
    tests: election,
  },
  {
    name: 'who stays late waits for quiet for ever',
    edits: [[watch, 'turns < mostTurns && ', '']],
    tests: election,
  },
  {
    name: 'requests have no bound',
    edits: [
      [
        request,
        'const boundMs = Math.min(endsAtMs - clock.now(), requestTimeoutMs);',
        'const boundMs = requestTimeoutMs + Infinity;',
      ],
    ],
    tests: election,
  },
  {
    name: 'a suspended machine keeps its trust',
    edits: [
      ['src/election/clock.ts', 'now: () => clock.now() + suspendedMs()', 'now: () => clock.now()'],
    ],
    tests: election,
  },
  {
    name: 'the margin is forgotten',
    edits: [[timing, 'return 250 + 0.05 * leaseDurationMs;', 'return 0 * leaseDurationMs;']],
    tests: election,
  },
  {
    name: 'the loss is declared when the lease runs out',
    edits: [
      [
        timing,
        'lossAtMs: sentAtMs + timing.renewDeadlineMs,',
        'lossAtMs: sentAtMs + timing.leaseDurationMs,',
      ],
    ],
    tests: election,
  },
  {
    name: 'the lock is released before the command has ended',
    edits: [
      [
        'src/run/run.ts',
        "shutdown.abort('SIGTERM');",
        "shutdown.abort('SIGTERM');\n      void term.release();",
      ],
    ],
    tests: election,
  },
  {
    name: 'whatever is in the record is released',
    edits: [
      [
        release,
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
        release,
        'await bounded({ clock, boundMs: boundMs / 2 }, () => writer.settled()).catch(() => undefined);',
        '',
      ],
    ],
    tests: election,
  },
  {
    name: 'a release trusts what a renewal under way has made out of date',
    edits: [[release, '!loss && writer.isOurs(options.latest?.record)', '!loss && options.latest']],
    tests: election,
  },
  {
    name: 'a withdrawn claim is left behind',
    edits: [
      [
        elector,
        'if (campaign.mayHold) await this.#withdraw();',
        'if (!campaign) await this.#withdraw();',
      ],
    ],
    tests: election,
  },
  {
    name: 'renewals stop when the command is asked to stop',
    edits: [
      [
        leading,
        '  readonly #onShutdown = (): void => {\n',
        '  readonly #onShutdown = (): void => {\n    this.#become(afterRelease(this.#leader));\n',
      ],
    ],
    tests: election,
  },
  {
    name: 'a command is given time although another leads',
    edits: [
      [
        'src/run/serve.ts',
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
        'src/run/deadline.ts',
        'while (!signal.aborted && clock.bootTime() < atMs)',
        'while (!signal.aborted && clock.now() < atMs)',
      ],
      [
        'src/run/deadline.ts',
        'Math.min(atMs - clock.bootTime(), longestNapMs)',
        'Math.min(atMs - clock.now(), longestNapMs)',
      ],
      [
        'src/run/deadline.ts',
        'if (clock.bootTime() + ms >= atMs)',
        'if (clock.now() + ms >= atMs)',
      ],
      ['src/run/deadline.ts', 'atMs = clock.bootTime() + ms;', 'atMs = clock.now() + ms;'],
    ],
    tests: [...election, 'test/run/deadline.test.ts'],
  },
  {
    name: 'a signal between election and start is lost',
    edits: [
      [
        'src/run/run.ts',
        '    signals.hold();\n    if (!shutdown',
        '    signals.listen(() => undefined);\n    if (!shutdown',
      ],
    ],
    tests: election,
  },
  {
    name: "the command's exit code is lost",
    edits: [['src/run/run.ts', 'return endAs(end, plan);', 'return { status: 0 };']],
    tests: election,
  },
  {
    name: 'a Lease is written without its version',
    edits: [
      [
        'src/locks/object-lock.ts',
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
        'src/locks/lease.ts',
        "spec: { ...specOf(lease), ...fieldsOf(record, 'leaseTransitions') },",
        "spec: fieldsOf(record, 'leaseTransitions'),",
      ],
    ],
    tests: ['test/locks/lease.test.ts'],
  },
  {
    name: 'an annotation that nobody understands is free',
    edits: [
      [
        'src/locks/annotation-record.ts',
        'recordFrom({}, { holder: unknownHolder,',
        "recordFrom({}, { holder: '',",
      ],
    ],
    tests: annotations,
  },
  {
    name: 'a local time is taken for UTC',
    edits: [
      ['src/locks/record-fields.ts', '([Zz]|[+-]\\d\\d:\\d\\d)$/', '([Zz]|[+-]\\d\\d:\\d\\d)?$/'],
    ],
    tests: annotations,
  },
  {
    name: 'other annotations are not written back',
    edits: [['src/locks/annotation.ts', '{ ...annotations, [record', '{ [record']],
    tests: annotations,
  },
  {
    name: 'what a server says about a Secret is repeated',
    edits: [['src/locks/annotation.ts', 'isConfidential: true', 'isConfidential: false']],
    tests: annotations,
  },
  {
    name: 'a pair leads with the first alone',
    edits: [
      [
        pair,
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
        pair,
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
        pair,
        "  const other = await second.write(said.second, basis.second, how);\n  if (other.kind === 'conflict') return other;\n  const one = await first.write(said.first, basis.first, { signal: how.signal });\n  if (one.kind === 'conflict') return { kind: 'conflict', isPartial: true };",
        "  const one = await first.write(said.first, basis.first, how);\n  if (one.kind === 'conflict') return one;\n  const other = await second.write(said.second, basis.second, { signal: how.signal });\n  if (other.kind === 'conflict') return { kind: 'conflict', isPartial: true };",
      ],
    ],
    tests: pairs,
  },
  {
    name: 'half a claim is not given back',
    edits: [[pair, 'if (isTakeover(said.first, basis)) await', 'if (!basis) await']],
    tests: pairs,
  },
  {
    name: 'half a renewal is given back',
    edits: [[pair, 'if (isTakeover(said.first, basis)) await', 'await']],
    tests: pairs,
  },
  {
    name: 'half a renewal is nobody\u2019s',
    edits: [
      [
        pair,
        "  return { kind: 'conflict', isPartial: true };\n}\n\nasync function giveBack",
        "  return { kind: 'conflict' };\n}\n\nasync function giveBack",
      ],
    ],
    tests: pairs,
  },
  {
    name: 'a pair that differs is free',
    edits: [[pairRecord, '{ holder: unknownHolder, acquire', "{ holder: '', acquire"]],
    tests: pairs,
  },
  {
    name: 'a pair that differs belongs to the first',
    edits: [[pairRecord, 'if (!isSameTerm(held, alsoHeld)) {', 'if (!held) {']],
    tests: pairs,
  },
  {
    name: 'a pair is free when one of both is',
    edits: [
      [
        pairRecord,
        'if (!alsoHeld) return { record: { ...held, transitions }',
        "if (!alsoHeld) return { record: { ...held, holder: '', leaseDurationMs: 1_000, transitions }",
      ],
    ],
    tests: pairs,
  },
  {
    name: 'a pair lasts as long as the shorter',
    edits: [[pairRecord, 'return Math.max(durationMs, other', 'return Math.min(durationMs, other']],
    tests: pairs,
  },
  {
    name: 'half a claim hides that a hand has emptied the other object',
    edits: [
      [observation, 'if (hasOtherPart(seen.emptied, before.seen?.emptied)) return true;', ''],
    ],
    tests: ['test/break/election.test.ts', 'test/election/observation.test.ts'],
  },
  {
    name: 'an emptied object counts again and again beside half a claim',
    edits: [[observation, 'before.seen?.emptied', 'undefined']],
    tests: ['test/election/observation.test.ts'],
  },
  {
    name: 'half a claim makes us forget who may restore the other object',
    edits: [[observation, 'holder: robbed ?? holder', 'holder']],
    tests: ['test/election/observation.test.ts'],
  },
  {
    name: 'a pair has the version of one',
    edits: [
      [
        pairRecord,
        'joinVersions([first?.version, second?.version])',
        'joinVersions([first?.version])',
      ],
    ],
    tests: pairs,
  },
  {
    name: 'one of two objects that vanishes takes its promise along',
    edits: [
      [foreignHand, 'if (hasLostPart(seen.version, before.version)) return true;\n', ''],
      [foreignHand, 'import { hasLostPart, hasNewPart }', 'import { hasNewPart }'],
    ],
    tests: election,
  },
  {
    name: 'after half a claim anything that is shown will do',
    edits: [
      [
        'src/election/candidate.ts',
        'isHalfWay && seen && hasParts',
        'isHalfWay && !seen && hasParts',
      ],
    ],
    tests: election,
  },
  {
    name: 'a torn lock is whole after a sleep',
    edits: [['src/election/verdict.ts', ' || (seen.isTorn && isOurs)', '']],
    tests: election,
  },
  {
    name: 'a local lock is written whatever its version',
    edits: [
      [
        'src/locks/local-states.ts',
        "rename(join(folder, nameOf('head', basis)), ",
        "rename(join(folder, nameOf('head', headAmong(await readdir(folder)) ?? basis)), ",
      ],
    ],
    tests: ['test/locks/local.test.ts'],
  },
  {
    name: 'a local lock: what others mean to write is swept away',
    edits: [
      ['src/locks/local-states.ts', 'mark.number <= number && mark.id !== id', 'mark.id !== id'],
    ],
    tests: ['test/locks/local.test.ts'],
  },
  {
    name: 'a local lock: a file that was replaced is believed',
    edits: [['src/locks/local.ts', '      await store.confirm();\n', '']],
    tests: ['test/locks/local.test.ts'],
  },
  {
    name: 'a local lock: a new file forgets the tokens of the one before',
    edits: [['src/locks/local-file.ts', ', seen, ...floors]', ', seen]']],
    tests: ['test/locks/local.test.ts'],
  },
  {
    name: 'a local lock: what another user has put there is taken',
    edits: [['src/locks/local-place.ts', '|| found.uid === us', '|| found.uid !== -1']],
    tests: ['test/locks/local.test.ts'],
  },
  {
    name: 'the lock is released when the command has ended, whatever it left behind',
    edits: [
      [
        'src/run/serve.ts',
        'const isGone = await untilGone(',
        'const isGone = !status && await untilGone(',
      ],
      ['src/run/serve.ts', "if (!isGone) return { kind: 'stuck' };", ''],
    ],
    tests: election,
  },
  {
    name: 'a lock whose command may live on is released',
    edits: [['src/run/serve.ts', "if (!isGone) return { kind: 'stuck' };", '']],
    tests: election,
  },
  {
    name: 'KILL is forgotten',
    edits: [
      [
        'src/run/serve.ts',
        "emit({ type: 'killed', reason });\n    child.sendToAll('SIGKILL');",
        "emit({ type: 'killed', reason });",
      ],
    ],
    tests: election,
  },
  {
    name: 'the keepers are not armed',
    edits: [
      [child, '    keepers.killAt(clock.bootTime() + killInMs());\n', '    killInMs();\n'],
      [child, 'keepers.killAt(bootTimeMs);', ''],
    ],
    tests: processes('frozen-wrapper'),
  },
  {
    name: 'the keepers strike half a second late',
    edits: [[keeper, '    if (!isInner)\n        ms += lagMs;', '    ms += 500;']],
    tests: ['test/child/keepers.test.ts'],
  },
  {
    name: 'the keepers do not strike when we are gone',
    edits: [[keeper, '        wrapper = -1;\n        strikeNow();', '        wrapper = -1;']],
    tests: processes('killed-wrapper'),
  },
  {
    name: 'the outer keeper does not strike when the inner one is killed',
    edits: [[keeper, 'isStriking = true; /* if it said', '/* if it said']],
    tests: processes('keeper'),
  },
  {
    name: 'the inner keeper does not strike when the outer one is killed',
    edits: [[keeper, 'if (isInner && getppid() != outer)', 'if (false && outer)']],
    tests: processes('keeper'),
  },
  {
    name: 'a keeper that is stopped stays so',
    edits: [[keeper, 'if (pid == child && !isStriking)', 'if (false)']],
    tests: processes('keeper'),
  },
  {
    name: 'CMD survives both keepers',
    edits: [[keeper, '    prctl(PR_SET_PDEATHSIG, SIGKILL);\n', '']],
    tests: processes('keeper'),
  },
  {
    name: 'what changed its session survives',
    edits: [
      [
        keeper,
        '        prctl(PR_SET_CHILD_SUBREAPER, 1);\n        prctl(PR_SET_PDEATHSIG',
        '        prctl(PR_SET_PDEATHSIG',
      ],
      [keeper, '    prctl(PR_SET_CHILD_SUBREAPER, 1);\n    pid_t outer', '    pid_t outer'],
    ],
    tests: processes('stopping'),
  },
  {
    name: 'the keepers know only the children of CMD',
    edits: [
      [
        keeper,
        'if (stat.parent != getpid() && !isMember(stat.parent))',
        'if (stat.parent != getpid() && stat.parent != child)',
      ],
    ],
    tests: ['test/child/keepers.test.ts'],
  },
  {
    name: 'library: a term is handed back while its body runs',
    edits: [
      [
        'src/library/terms.ts',
        '      yield term;\n',
        '      void term.release();\n      yield term;\n',
      ],
    ],
    tests: library,
  },
  {
    name: 'library: a shutdown does not wait for the work',
    edits: [['src/library/run.ts', '    await working;\n', '    await Promise.resolve();\n']],
    tests: library,
  },
  {
    name: 'library: the last word comes after the release',
    edits: [
      [
        'src/library/run.ts',
        '    await onStoppedLeading?.(reason);\n',
        '    await term.release();\n    await onStoppedLeading?.(reason);\n',
      ],
    ],
    tests: library,
  },
  {
    name: 'library: a leader whose work has failed goes on leading',
    edits: [
      ['src/library/run.ts', '  if (failure) return failure;\n', '  if (failure) await told;\n'],
    ],
    tests: library,
  },
  {
    name: 'library: isLeader() does not ask the clock',
    edits: [
      [
        'src/library/leader-elector.ts',
        'this.#term?.isTrusted() ?? false',
        'this.#term?.isOngoing() ?? false',
      ],
    ],
    tests: library,
  },
  {
    name: 'library: stop() does not wait',
    edits: [
      ['src/library/leader-elector.ts', 'while (this.#occupied) await this.#occupied.promise;', ''],
    ],
    tests: library,
  },
  {
    name: 'library: who let go stands again at once',
    edits: [['src/library/terms.ts', 'if (!term.loss) await', 'if (term.loss) await']],
    tests: library,
  },
  {
    name: 'library: work begins although it is no longer wanted',
    edits: [
      ['src/library/terms.ts', '(term.isTrusted() && !term.signal.aborted)', 'term.isTrusted()'],
    ],
    tests: library,
  },
  {
    name: 'step-down: a request to step down is followed whomever it is for',
    edits: [
      [
        record,
        'return stepDown?.holder === holder && stepDown.acquireTimeUs === acquireTimeUs;',
        'return stepDown !== undefined && (holder !== "" || acquireTimeUs !== undefined);',
      ],
    ],
    tests: ['test/election/step-down.test.ts'],
  },
  {
    name: 'step-down: a request to step down is followed in the next term',
    edits: [['src/election/verdict.ts', ' && acquireTimeUs === facts.acquireTimeUs', '']],
    tests: ['test/election/verdict.test.ts'],
  },
  {
    name: 'step-down: what the watch shows is believed',
    edits: [
      [
        leader,
        '  const alarm = { version, atMs: nowMs };\n',
        "  const alarm = { version, atMs: nowMs };\n  if (verdict.kind === 'ours' && verdict.isAsked) return { ...leader, isAskedToStepDown: true };\n",
      ],
    ],
    tests: ['test/election/step-down.test.ts'],
  },
  {
    name: 'step-down: the lock is handed over before the work has ended',
    edits: [
      [
        leading,
        '      this.#asked.abort();\n',
        '      this.#asked.abort();\n      void this.release();\n',
      ],
    ],
    tests: ['test/election/step-down.test.ts', 'test/run/run.test.ts'],
  },
  {
    name: 'step-down: nobody stands aside',
    edits: [[campaigning, 'const { asideUntilMs } = memory;', 'const asideUntilMs = -Infinity;']],
    tests: ['test/election/step-down.test.ts'],
  },
  {
    name: 'step-down: whoever stands aside does so although another has led',
    edits: [
      [memory, 'if (seen && this.#isOfAnother(seen.record)) this.#asideUntilMs = -Infinity;', ''],
    ],
    tests: ['test/election/step-down.test.ts'],
  },
  {
    name: 'step-down: a record that a hand has emptied tells that another has led',
    edits: [[memory, 'return !isEmptied && ', 'return ']],
    tests: ['test/election/step-down.test.ts'],
  },
  {
    name: 'a watch is begun anew although it shows what a look finds',
    edits: [[campaigning, ' && !isShown', '']],
    tests: ['test/election/watching-candidate.test.ts'],
  },
  {
    name: 'step-down: --force clears a living leader',
    edits: [
      [
        'src/commands/force.ts',
        '  if ((await look(lookOptions(plan, ports)))?.version !== seen.version) throw alive;\n',
        '',
      ],
    ],
    tests: ['test/commands/step-down.test.ts'],
  },
  {
    name: 'once: a failure is stored',
    edits: [
      [
        'src/run/run.ts',
        'if (once === undefined || !isSuccess(end)) {',
        'if (once === undefined) {',
      ],
    ],
    tests: ['test/run/run.test.ts'],
  },
  {
    name: 'once: a command that was told to end has succeeded',
    edits: [['src/run/run.ts', 'return !interruptedBy && shellStatus', 'return shellStatus']],
    tests: ['test/run/run.test.ts'],
  },
  {
    name: 'once: 0 although it is not stored',
    edits: [
      [
        'src/run/once.ts',
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
        'src/run/run.ts',
        '      const isStored = await store(',
        "      if ((await term.release({ done: once })).kind !== 'released') continue;\n      const isStored = await store(",
      ],
    ],
    tests: ['test/run/run.test.ts'],
  },
  {
    name: 'once: a key pushes out the others',
    edits: [[writer, 'withKey(basis.record.done, done)', 'withKey([], done)']],
    tests: ['test/election/once.test.ts'],
  },
  {
    name: 'once: keys are lost with the next write',
    edits: [[record, 'done = before?.done, ', 'done, ']],
    tests: ['test/election/once.test.ts', 'test/locks/local.test.ts'],
  },
  {
    name: 'once: what is done is claimed',
    edits: [
      [
        'src/election/candidate.ts',
        "  if (once !== undefined && seen && isDone(seen.record, once)) return { kind: 'done' };\n",
        "  if (once !== undefined && seen && isDone(seen.record, once) && nowMs < 0) return { kind: 'done' };\n",
      ],
    ],
    tests: ['test/election/once.test.ts'],
  },
  {
    name: 'a release ends whatever was promised, on another object too',
    edits: [[foreignHand, 'hasNewPart(seen.uid, before.uid) && !isContinued', '!before']],
    tests: election,
  },
  {
    name: 'fewer transitions are nothing',
    edits: [[foreignHand, 'if (now.transitions < before.transitions) return true;\n', '']],
    tests: election,
  },
  {
    name: 'who is cleared by hand has released, under a lease of one second',
    edits: [
      [record, 'return isKnown && acquireTimeUs !== renewTimeUs;', 'return isKnown && false;'],
    ],
    tests: election,
  },
  {
    name: 'what was taken away, restored unseen, and taken away again is old news',
    edits: [
      [
        observation,
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
        observation,
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
        observation,
        'promisedUntilMs: untilMs, forcedUntilMs, holder',
        'promisedUntilMs: untilMs, forcedUntilMs: -Infinity, holder',
      ],
    ],
    tests: election,
  },
  {
    name: 'a refused claim is forgotten',
    edits: [
      [
        memory,
        'isDoubtful: seen !== undefined && writer.isDoubtful(seen.record),\n',
        'isDoubtful: false,\n',
      ],
    ],
    tests: ['test/break/election.test.ts'],
  },
  {
    name: 'a refused claim is ours',
    edits: [[signatures, 'known.isDoubtful = true', 'known.isDoubtful = false']],
    tests: election,
  },
  {
    name: 'a refused renewal is doubtful',
    edits: [[signatures, ' && known.term !== this.#runningTerm) known', ') known']],
    tests: election,
  },
  {
    name: 'only 4 claims are remembered',
    edits: [[signatures, 'rememberedClaims = 64', 'rememberedClaims = 4']],
    tests: election,
  },
  {
    name: 'a long outage forgets what was applied',
    edits: [
      [signatures, 'if (term !== this.#runningTerm && ', 'if ('],
      [signatures, '      if (term === this.#runningTerm) continue;\n', ''],
      [
        signatures,
        'for (const [oldest, { term }] of this.#known)',
        'for (const oldest of this.#known.keys())',
      ],
    ],
    tests: ['test/break/election.test.ts', ...election],
  },
  {
    name: 'two renewals may be equal',
    edits: [[signatures, 'Math.max(nowUs, this.#latestUs + 1 + fraction)', 'Math.max(nowUs, -1)']],
    tests: ['test/break/election.test.ts'],
  },
  {
    name: 'a request to step down writes one record over both objects',
    edits: [
      [
        pairRecord,
        'return { ...part.record, stepDown, done };',
        'return { ...record, stepDown, done };',
      ],
    ],
    tests: ['test/break/election.test.ts', ...pairs],
  },
  {
    name: 'any acknowledged write ends the alarm',
    edits: [
      [
        leader,
        'isLater(alarm.version, current.version) !== true',
        'isLater(alarm.version, current.version) !== null',
      ],
    ],
    tests: election,
  },
  {
    name: 'a renewal is sent again after the window has closed',
    edits: [[leading, ' && this.#nowMs() < lossAtMs(this.#leader);', ';']],
    tests: election,
  },
  {
    name: 'a lost term is released without a look',
    edits: [
      [
        release,
        '!loss && writer.isOurs(options.latest?.record)',
        'writer.isOurs(options.latest?.record)',
      ],
    ],
    tests: election,
  },
  {
    name: 'a stuck term is released',
    edits: [
      [
        'src/run/run.ts',
        "if (end.kind !== 'stuck') await term.release();",
        'await term.release();',
      ],
    ],
    tests: election,
  },
  {
    name: 'a step-down reaches a command that has ended',
    edits: [
      [
        'src/run/serve.ts',
        "if (status || reason === 'shutdown') return;",
        "if (reason === 'shutdown') return;",
      ],
    ],
    tests: election,
  },
  {
    name: 'min-hold: no signal ends it',
    edits: [['src/run/run.ts', 'term.signal.aborted || ', '']],
    tests: ['test/run/run.test.ts'],
  },
  {
    name: 'the keepers’ deadline is late by a stop while it is set',
    edits: [
      [
        'src/run/serve.ts',
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
        'src/library/terms.ts',
        '    try {\n      yield term;',
        "    term.signal.addEventListener('abort', () => void term.release());\n    try {\n      yield term;",
      ],
    ],
    tests: library,
  },
];
