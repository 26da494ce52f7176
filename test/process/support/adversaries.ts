/** Commands whose processes were not written to be found, and do not survive for all that. */
import { expect } from 'vitest';
import { Den } from './den.ts';
import { endings, flags, type EndingName, type Scene } from './endings.ts';
import { note } from './figures.ts';
import { until } from './proc.ts';
import { fixture, need, type RunOptions, type Stage } from './stage.ts';

/** How a process escapes whoever looks for it (adversary.pl says more). */
export const kinds = [
  'title',
  'daemon',
  'leaderless',
  'undumpable',
  'user',
  'worm',
  'supervisor',
  'subreaper',
  'namespace',
  'sibling',
  'stopped',
  'crowd',
] as const;
export type Kind = (typeof kinds)[number];

export function adversary(kind: Kind, den: Den, howMany = 20): string[] {
  return ['perl', fixture('adversary.pl'), kind, den.folder, String(howMany)];
}

/** What is played: a command, how it ends, and where. */
export interface Plot {
  readonly command: (den: Den, stage: Stage) => readonly string[];
  readonly ending: EndingName;
  /** What it is called among the figures. */
  readonly name?: string;
  readonly options?: RunOptions;
  /** Settles when all of the command is there; usually it says so. */
  readonly isComplete?: (scene: Scene) => Promise<void>;
  /** What runs beside it without any wrapper, and says when it is complete. */
  readonly bystander?: (den: Den) => readonly string[];
}

/**
 * Nothing of the command survives the ending, and everybody of the bystander does. Where the wrapper was killed, the
 * figures are told how long that took.
 */
export async function play(stage: Stage, plot: Plot): Promise<void> {
  need('perl');
  const den = new Den(stage);
  const neighbours = new Den(stage, 'neighbours');
  const { bystander = (folder: Den) => adversary('daemon', folder) } = plot;
  const beside = stage.start(bystander(neighbours));
  const options = { ...plot.options, flags: [...flags, ...(plot.options?.flags ?? [])] };
  const wrapper = stage.run(plot.command(den, stage), options);
  const scene = { stage, wrapper, den };
  await Promise.all([beside, wrapper].map((each) => each.line(/^ready$/)));
  await plot.isComplete?.(scene);
  const innocent = neighbours.residents();
  // Who forks all the time may be missed.
  await until(() => den.residents().length > 1);

  const goneAfterMs = await endings[plot.ending](scene);
  if (goneAfterMs !== undefined) note(plot.name ?? 'all', goneAfterMs);

  expect(den.isEmpty()).toBe(true);
  expect(neighbours.residents()).toEqual(expect.arrayContaining(innocent));
}
