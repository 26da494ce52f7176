/** The workflows: that they do what the project has, with what is pinned, and with no more rights than they need. */
import { loadYaml } from '@kubernetes/client-node/dist/yaml.js';
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { triples } from '../../scripts/triples.ts';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Job {
  readonly uses?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly 'timeout-minutes'?: number;
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly string[]>> };
  readonly steps?: readonly Step[];
}
interface Workflow {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const files = globSync('.github/workflows/*.yml');
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  scripts: Record<string, string>;
  engines: { node: string };
};

function workflow(file: string): Workflow {
  return loadYaml(readFileSync(file, 'utf8'));
}

/** Those that npm knows by themselves are scripts as well. */
function scriptsIn(shell: string): string[] {
  const calls = shell.matchAll(/\bnpm (?:run(?:-script)? ([\w:-]+)|(test)\b)/g);
  return [...calls].map(([, named, itself]) => named ?? itself ?? '');
}

it('there are some', () => {
  expect(files.sort()).toEqual(['.github/workflows/ci.yml', '.github/workflows/release.yml']);
});

describe.each(files)('%s', (file) => {
  const { permissions, jobs } = workflow(file);
  const steps = Object.values(jobs).flatMap((job) => job.steps ?? []);

  test('uses nothing but what is pinned by its commit, and says which version that is', () => {
    const used = [...Object.values(jobs), ...steps].flatMap(({ uses }) => uses ?? []);
    expect(used.length).toBeGreaterThan(0);
    for (const name of used)
      if (name.startsWith('./')) expect(existsSync(name)).toBe(true);
      else expect(name).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
    const lines = readFileSync(file, 'utf8').match(/^.*\buses: [^.].*$/gm) ?? [];
    for (const line of lines) expect(line).toMatch(/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test('runs scripts and programs that exist', () => {
    const shell = steps.map(({ run }) => run ?? '').join('\n');
    const names = scriptsIn(shell);
    expect(Object.keys(manifest.scripts)).toEqual(expect.arrayContaining(names));
    for (const [path] of shell.matchAll(/(?:\.ci|scripts)\/[\w./-]+/g))
      expect([path, existsSync(path)]).toEqual([path, true]);
  });

  test('puts nothing from outside into a shell', () => {
    for (const { run = '' } of steps) expect(run).not.toContain('${{');
  });

  test('has the rights that it names, and an end', () => {
    expect(permissions).toBeDefined();
    expect(Object.values(permissions ?? {})).not.toContain('write');
    for (const job of Object.values(jobs))
      if (job.uses === undefined) expect(job['timeout-minutes']).toBeGreaterThan(0);
    for (const step of steps.filter(({ uses }) => uses?.startsWith('actions/checkout@')))
      expect(step.with).toMatchObject({ 'persist-credentials': false });
  });
});

test('one pin a tool, in all workflows', () => {
  const pins = new Set<string>();
  for (const file of files)
    for (const [pin] of readFileSync(file, 'utf8').matchAll(/[\w-]+\/[\w-]+@[0-9a-f]{40}/g))
      pins.add(pin);
  const tools = [...pins].map((pin) => pin.split('@')[0]);
  expect(new Set(tools).size).toBe(tools.length);
});

test('the tests run on the oldest line of Node that the package promises', () => {
  const { node } = workflow('.github/workflows/ci.yml').jobs;
  const [oldest] = node?.strategy?.matrix['node'] ?? [];
  expect(/\d+/.exec(manifest.engines.node)?.[0]).toBe(oldest);
});

test('a release and its image have the executable for every machine, and Dependabot looks after what is in it', () => {
  const forms = Object.keys(triples);
  const { release, image } = workflow('.github/workflows/release.yml').jobs;
  for (const job of [release, image]) {
    const shell = (job?.steps ?? []).map(({ run }) => run ?? '').join('\n');
    const made = /npm run executable -- (.*)/.exec(shell)?.[1]?.split(' ');
    expect(made?.sort()).toEqual(forms.sort());
  }
  const { updates } = loadYaml<{ updates: { directory: string }[] }>(
    readFileSync('.github/dependabot.yml', 'utf8'),
  );
  const directories = updates.map(({ directory }) => directory);
  expect(directories).toEqual(expect.arrayContaining(['/', '/native/host']));
});

test('what is run by .ci/run exists', () => {
  const names = readFileSync('.ci/run', 'utf8').matchAll(
    /^(?:step npm run|suite [\w-]+) ([\w:]+)/gm,
  );
  const scripts = [...names].map(([, name]) => name);
  expect(scripts.length).toBeGreaterThan(5);
  expect(Object.keys(manifest.scripts)).toEqual(expect.arrayContaining(scripts));
});

test.each(globSync('.github/{*,ISSUE_TEMPLATE/*}.yml'))('%s is YAML', (file) => {
  expect(loadYaml(readFileSync(file, 'utf8'))).toBeInstanceOf(Object);
});

test('the shell of every step is understood', () => {
  for (const { run } of files.flatMap((file) =>
    Object.values(workflow(file).jobs).flatMap((job) => job.steps ?? []),
  ))
    if (run !== undefined) execFileSync('bash', ['-n', '-c', run], { stdio: 'inherit' });
});
