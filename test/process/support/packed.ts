/** The package as it would be published, unpacked into an empty project, without asking a registry for anything. */
import { execFileSync, type ExecFileSyncOptionsWithStringEncoding } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));

export interface Packed {
  /** The tarball: where it is, and what is in it. */
  readonly file: string;
  readonly tarball: Uint8Array;
  /** What is in it, as paths of files, sorted. */
  readonly files: readonly string[];
  /** The package in the project's node_modules. */
  readonly folder: string;
  /** A project that has nothing but the package, and the types of Node. */
  readonly project: string;
  /** Runs a script there, as `name`, and returns what it has written to stdout. */
  node(name: string, script: string, ...flags: readonly string[]): Promise<string>;
  remove(): Promise<void>;
}

/** Needs a built `dist`. */
export async function pack(): Promise<Packed> {
  const place = await mkdtemp(join(tmpdir(), 'k8s-leader-package-'));
  const staging = join(place, 'staging');
  const { files } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    files: string[];
  };
  const wanted = files.filter((path) => !path.startsWith('!'));
  for (const path of ['package.json', 'README.md', 'LICENSE', ...wanted])
    await cp(join(root, path), join(staging, path), { recursive: true });
  const quiet: ExecFileSyncOptionsWithStringEncoding = {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  };
  const types = [join(root, 'scripts/build-types.js'), join(staging, 'dist/library')];
  execFileSync(process.execPath, types, { ...quiet, stdio: 'inherit', cwd: root });
  const npm = ['pack', '--offline', '--ignore-scripts', '--json', '--silent'];
  const answer = execFileSync('npm', npm, { ...quiet, cwd: staging });
  type Answer = [{ filename: string; files: { path: string }[] }];
  const [{ filename, files: contents }] = JSON.parse(answer) as Answer;

  const project = join(place, 'project');
  const modules = join(project, 'node_modules');
  const folder = join(modules, 'k8s-leader');
  await mkdir(folder, { recursive: true });
  const file = join(staging, filename);
  execFileSync('tar', ['-xzf', file, '-C', folder, '--strip-components=1']);
  await symlink(join(root, 'node_modules/@types'), join(modules, '@types'));
  await writeFile(join(project, 'package.json'), '{ "type": "module", "private": true }');
  return {
    file,
    tarball: await readFile(file),
    files: contents.map(({ path }) => path).sort(),
    folder,
    project,
    async node(name, script, ...flags) {
      await writeFile(join(project, name), script);
      return execFileSync(process.execPath, [...flags, name], { ...quiet, cwd: project });
    },
    remove: () => rm(place, { recursive: true }),
  };
}
