/** What can be done to one candidate, its network, its processes and its credentials. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from '../support/faulty-proxy.ts';
import { note, type Bout, type Kind } from './bout.ts';
import { signal, writeToken, type Contender } from './contender.ts';
import { youngest } from './families.ts';
import { foreignHand } from './foreign-hand.ts';
import { isAwake } from './left-behind.ts';
import { residentsOf, send } from '../process/support/den.ts';
import { keepersBelow } from '../process/support/keepers.ts';

/** Strikes one candidate and says what it has done to it. */
export type Blow = (bout: Bout, target: Contender) => Promise<string> | string;

type Weighted = readonly (readonly [weight: number, blow: Blow])[];

const setting = (fault: Fault): Blow => {
  return async (_, { proxy }) => {
    await proxy.set(fault);
    return `proxy: ${JSON.stringify(fault)}`;
  };
};
const healing = (swallowed: 'deliver' | 'drop'): Blow => {
  return async (_, { proxy }) => {
    await proxy.heal(swallowed);
    return `proxy: healed, ${swallowed} what was swallowed`;
  };
};
const sending = (name: NodeJS.Signals): Blow => {
  return (_, target) => {
    signal(target, name);
    return name;
  };
};

const network: Weighted = [
  [4, setting('swallow')],
  [2, setting('swallow-answers')],
  [1, setting('reset')],
  [1, setting('refuse')],
  [1, (bout, target) => setting({ delayMs: bout.chance.whole(20, 2_500) })(bout, target)],
  [1, (bout, target) => setting({ bytesPerSecond: bout.chance.whole(300, 6_000) })(bout, target)],
  [1, resetAgainAndAgain],
  [2, healing('deliver')],
  [1, healing('drop')],
];
const processes: Weighted = [
  [3, sending('SIGKILL')],
  [2, sending('SIGSTOP')],
  [2, sending('SIGCONT')],
  [1, sending('SIGTERM')],
  [2, killKeeper],
  [2, stopKeeper],
  [1, killCommand],
  [1, freezeCommand],
];
const credentials: Weighted = [
  [2, revoke],
  [2, rotate],
  [1, spoil],
  [2, forbid],
  [1, allow],
];
/** Forced step-downs happen to candidates that are well otherwise: R3 promises no more. */
const foreign: Weighted = [
  [8, foreignHand],
  [1, sending('SIGKILL')],
  [1, sending('SIGTERM')],
  [1, killCommand],
  [1, (bout, target) => setting({ delayMs: bout.chance.whole(20, 150) })(bout, target)],
];

/** Which blows fall in a round, by weight. */
export const blowsIn: Readonly<Record<Kind, Weighted>> = {
  network,
  processes,
  mixed: [...network, ...processes],
  credentials: [...credentials, ...credentials, ...network],
  'foreign hand': foreign,
  server: [...network, ...processes],
};

/** Undoes everything that is not final. */
export async function heal(bout: Bout): Promise<void> {
  for (const contender of bout.contenders) {
    await contender.proxy.heal('deliver');
    signal(contender, 'SIGCONT');
  }
  for (const pid of bout.frozen) send(pid, 'SIGCONT');
  if (bout.kind === 'credentials') await restoreCredentials(bout);
}

async function resetAgainAndAgain({ chance }: Bout, { proxy }: Contender): Promise<string> {
  const times = chance.whole(2, 8);
  const everyMs = chance.whole(50, 300);
  for (let time = 0; time < times; time++) {
    await proxy.set('reset');
    await proxy.set('pass');
    await delay(everyMs);
  }
  return `proxy: has reset all connections ${times} times, every ${everyMs} ms`;
}

/** The other one then kills everything. */
async function killKeeper(bout: Bout): Promise<string> {
  const keeper = await oneOfTwo(bout);
  if (!keeper) return 'no keeper to kill';
  send(keeper.pid, 'SIGKILL');
  return `killed the ${keeper.which} keeper ${keeper.pid}`;
}

/** It is continued, or the other one keeps the deadline. */
async function stopKeeper(bout: Bout): Promise<string> {
  const keeper = await oneOfTwo(bout);
  if (!keeper) return 'no keeper to stop';
  send(keeper.pid, 'SIGSTOP');
  bout.frozen.add(keeper.pid);
  return `stopped the ${keeper.which} keeper ${keeper.pid}`;
}

/** Of the leader, as long as there are two of them: one is enough, none is not. */
async function oneOfTwo({ lives, chance, contenders }: Bout) {
  const family = await youngest(lives);
  const wrapper = contenders.find(({ mark, end }) => !end && mark === family?.mark)?.candidate;
  const keepers = wrapper && keepersBelow(wrapper.pid);
  if (!keepers || ![keepers.outer, keepers.inner].every(isAwake)) return undefined;
  const which = chance.oneOf(['outer', 'inner'] as const);
  return { which, pid: keepers[which] };
}

async function killCommand({ lives }: Bout): Promise<string> {
  const family = await youngest(lives);
  if (!family || !residentsOf(lives).includes(family.pid)) return 'no command to kill';
  send(family.pid, 'SIGKILL');
  return `killed the command ${family.pid}`;
}

async function freezeCommand({ lives, frozen }: Bout): Promise<string> {
  const family = await youngest(lives);
  if (!family || !residentsOf(lives).includes(family.pid)) return 'no command to freeze';
  send(family.pid, 'SIGSTOP');
  frozen.add(family.pid);
  return `froze the command ${family.pid}`;
}

async function revoke(_: Bout, target: Contender): Promise<string> {
  if (!target.token) return 'its token is revoked already';
  await target.token.revoke();
  target.token = undefined;
  return 'token revoked; the server may take 10 s to notice';
}

async function rotate(bout: Bout, target: Contender): Promise<string> {
  const old = target.token;
  await renewToken(bout, target);
  await old?.revoke();
  return 'token rotated, the old one revoked';
}

async function spoil({ arena, pitch }: Bout, target: Contender): Promise<string> {
  await writeToken(arena, { ...target, pitch, token: 'garbage' });
  await target.token?.revoke();
  target.token = undefined;
  return 'token revoked, garbage in its kubeconfig';
}

async function forbid({ pitch }: Bout, { account }: Contender): Promise<string> {
  await pitch.office.setRules(account.name, []);
  return `account ${account.name} may do nothing any more`;
}

async function allow({ pitch }: Bout, { account }: Contender): Promise<string> {
  await pitch.office.setRules(account.name, account.rules);
  return `account ${account.name} may do everything again`;
}

async function renewToken({ arena, pitch }: Bout, target: Contender): Promise<void> {
  target.token = await pitch.office.revocableToken(target.account.name);
  await writeToken(arena, { ...target, pitch, token: target.token.token });
}

async function restoreCredentials(bout: Bout): Promise<void> {
  for (const { name, rules } of bout.pitch.accounts) await bout.pitch.office.setRules(name, rules);
  for (const contender of bout.contenders)
    if (!contender.end && !contender.token) await renewToken(bout, contender);
  note(bout, 'credentials restored');
}
