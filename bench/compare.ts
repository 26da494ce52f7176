/** Our wrapper and a plain client-go one side by side: one run, one API server, taking turns. */
import { contestants, type Contestants } from './contestants.ts';
import { compareForeignHolder, compareHandOver, compareTakeover } from './compare-succession.ts';
import { compareStart } from './compare-start.ts';
import { compareSteadyState } from './compare-steady.ts';
import { circumstances } from './place.ts';
import { openStage, type Stage } from './stage.ts';
import { comparison, note, print, type Figure } from './table.ts';

/** How often each is measured. */
export interface Rounds {
  readonly ours: number;
  readonly theirs: number;
}

export interface Setting extends Contestants {
  readonly stage: Stage;
}

interface Part {
  /** By default. The others are slower, and have less to show. */
  readonly rounds: Rounds;
  readonly measure: (setting: Setting, rounds: Rounds) => Promise<Figure[]>;
}

const parts: Readonly<Record<string, Part>> = {
  start: { rounds: { ours: 15, theirs: 15 }, measure: compareStart },
  steady: { rounds: { ours: 1, theirs: 1 }, measure: compareSteadyState },
  handover: { rounds: { ours: 50, theirs: 15 }, measure: compareHandOver },
  takeover: { rounds: { ours: 20, theirs: 20 }, measure: compareTakeover },
  foreign: { rounds: { ours: 20, theirs: 3 }, measure: compareForeignHolder },
};
export const partNames = Object.keys(parts);

export interface CompareOptions {
  /** At most, for both. */
  readonly rounds: number | undefined;
  /** Names of parts; by default all. */
  readonly only: readonly string[];
  /** What was asked for, to be printed. */
  readonly command: string;
}

export async function compare({ rounds, only, command }: CompareOptions): Promise<void> {
  const both = await contestants();
  const stage = await openStage();
  try {
    await stage.becomePod();
    const setting = { stage, ...both };
    const figures: Figure[] = [];
    for (const [name, part] of Object.entries(parts)) {
      if (only.length > 0 && !only.includes(name)) continue;
      note(name);
      figures.push(...(await part.measure(setting, bounded(part.rounds, rounds))));
    }
    print(comparison(figures));
    print(`\n${circumstances(command)}`);
  } finally {
    await stage.close();
  }
}

function bounded({ ours, theirs }: Rounds, most = Infinity): Rounds {
  return { ours: Math.min(ours, most), theirs: Math.min(theirs, most) };
}
