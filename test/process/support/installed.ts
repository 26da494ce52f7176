/** The packed programs, installed by npm itself: in a prefix, as with `--global`, or for one call, as by npx. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Packed } from './packed.ts';

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Installed {
  /** What the installation has printed. */
  readonly said: string;
  /** What npm has put beside its programs. */
  readonly prefix: string;
  run(name: string, ...argv: readonly string[]): Ended;
  /** Where an installed program is. */
  bin(name: string): string;
  /** What calls k8s-leader by npx. */
  readonly npxArgv: readonly string[];
  /** What npm needs for that of its environment. */
  readonly env: Readonly<Record<string, string>>;
  npx(name: string, ...argv: readonly string[]): Ended;
  remove(): Promise<void>;
}

/**
 * Out of reach of any registry, with an empty cache: the programs have all that they need in the package itself.
 */
export async function install(packed: Packed): Promise<Installed> {
  const place = await mkdtemp(join(tmpdir(), 'k8s-leader-installed-'));
  const prefix = join(place, 'prefix');
  const env = {
    PATH: [dirname(process.execPath), process.env['PATH']].join(':'),
    HOME: place,
    npm_config_cache: join(place, 'cache'),
    npm_config_offline: 'true',
    npm_config_update_notifier: 'false',
  };
  const call = (program: string, argv: readonly string[]): Ended =>
    spawnSync(program, argv, { cwd: place, env, encoding: 'utf8', timeout: 60_000 });

  const bin = (name: string) => join(prefix, 'bin', name);
  const npxArgv = (name: string) => ['npx', '--yes', '--package', packed.file, '--', name];
  const words = ['install', '--global', '--prefix', prefix, '--foreground-scripts', packed.file];
  const { status, stdout, stderr } = call('npm', words);
  if (status !== 0) throw new Error(`npm ${words.join(' ')}: ${stderr}`);
  return {
    said: stdout + stderr,
    prefix,
    env,
    bin,
    npxArgv: npxArgv('k8s-leader'),
    run: (name, ...argv) => call(bin(name), argv),
    npx: (name, ...argv) => call(npxArgv(name)[0]!, [...npxArgv(name).slice(1), ...argv]),
    remove: () => rm(place, { recursive: true }),
  };
}
