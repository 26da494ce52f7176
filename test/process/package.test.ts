/** What is published: that it can be imported in every usual way, and that importing it does nothing. */
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { build } from 'esbuild';
import { statSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { publint } from 'publint';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { install, type Installed } from './support/installed.ts';
import { pack, type Packed } from './support/packed.ts';

let packed: Packed;
let installed: Installed;
beforeAll(async () => {
  packed = await pack();
  installed = await install(packed);
}, 120_000);
afterAll(async () => {
  await installed.remove();
  await packed.remove();
});

const names = [
  'AskedToStepDown',
  'LeaderElector',
  'LeadershipLost',
  'LockFault',
  'TermReleased',
  'configMapLock',
  'defaultTiming',
  'endpointsLock',
  'leaseLock',
  'localLock',
  'openCluster',
  'pairLock',
  'recordAfter',
  'secretLock',
  'systemClock',
  'takeoverOnExit',
  'timingProblem',
  'timingWarning',
];

/** About these files and the package's declarations; not about Node's, which takes seconds. */
function complaintsAbout(files: readonly string[], options: ts.CompilerOptions): unknown[] {
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ES2022,
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    types: ['node'],
    typeRoots: [join(packed.project, 'node_modules/@types')],
    ...options,
  });
  const ours = program
    .getSourceFiles()
    .filter(({ fileName }) => fileName.startsWith(packed.project));
  expect(ours.some(({ fileName }) => fileName.endsWith('/dist/library/index.d.ts'))).toBe(true);
  return [
    ...program.getOptionsDiagnostics(),
    ...ours.flatMap((file) => [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ]),
  ].map(({ messageText, file }) => [
    file?.fileName,
    ts.flattenDiagnosticMessageText(messageText, '\n'),
  ]);
}

describe('the package', () => {
  test('needs no other package', async () => {
    const manifest = JSON.parse(
      await readFile(join(packed.folder, 'package.json'), 'utf8'),
    ) as Record<string, object | undefined>;
    expect(manifest['dependencies'] ?? {}).toEqual({});
    expect(manifest['peerDependenciesMeta']).toEqual({
      '@kubernetes/client-node': { optional: true },
    });
  });

  test('has what is needed, and nothing else', () => {
    const dist = (what: RegExp) => (path: string) => what.test(path) && path.startsWith('dist/');
    const isChunk = dist(/^dist\/library\/[a-z]+(-[a-z]+)*-[0-9A-Z]{8}\.js$/);
    const isLibraryApart = dist(/^dist\/(kubernetes-client-node|prom-client)-[a-z-]+\.cjs$/);
    const others = packed.files.filter((path) => !isChunk(path) && !isLibraryApart(path));
    expect(others).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'bin/k8s-leader.js',
      'bin/node.js',
      'bin/package.json',
      'dist/THIRD-PARTY-NOTICES',
      'dist/library/index.d.ts',
      'dist/library/index.js',
      'dist/library/shared.d.ts',
      'dist/library/testing.d.ts',
      'dist/library/testing.js',
      'dist/main.cjs',
      'dist/only-version.cjs',
      'man/k8s-leader.1',
      'native/bin/LICENSE-musl',
      'native/bin/keeper-linux-arm64',
      'native/bin/keeper-linux-x64',
      'package.json',
    ]);
    expect(packed.files.filter(isChunk).length).toBeGreaterThan(0);
    expect(packed.files.filter(isLibraryApart).length).toBeGreaterThan(0);
  });

  test.each(['x64', 'arm64'])('has a keeper for %s that can be executed', (arch) => {
    const { mode } = statSync(join(packed.folder, `native/bin/keeper-linux-${arch}`));
    expect(mode & 0o111).toBe(0o111);
  });

  test('has the licence of everything in its files', async () => {
    const notices = await readFile(join(packed.folder, 'dist/THIRD-PARTY-NOTICES'), 'utf8');
    const libraries = ['@kubernetes/client-node', 'chalk', 'commander', 'execa', 'prom-client'];
    // What those have brought along, in turn.
    for (const name of [...libraries, 'get-stream', 'js-yaml', 'undici']) {
      const folder = join('node_modules', name);
      const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
        version: string;
        license: string;
      };
      const licence = (await readdir(folder)).find((file) => /^licen[cs]e/i.test(file)) ?? '';
      expect(notices).toContain(`${name} ${manifest.version} (${manifest.license})`);
      expect(notices).toContain((await readFile(join(folder, licence), 'utf8')).trim());
    }
  });

  test('has nothing that publint complains about', async () => {
    const { messages } = await publint({ pkgDir: packed.folder, pack: false, strict: true });
    expect(messages).toEqual([]);
  });

  test('has types that resolve wherever packages have exports', async () => {
    const result = await checkPackage(createPackageFromTarballData(packed.tarball));
    if (result.types === false) throw new Error('no types at all');
    const problems = result.problems.filter(
      (problem) =>
        // Node gives it to require() as it is, since 22.12; so does TypeScript, since 5.8.
        problem.kind !== 'CJSResolvesToESM' &&
        // Knows nothing of exports, and has been given up by TypeScript 6.
        !('resolutionKind' in problem && problem.resolutionKind === 'node10'),
    );
    expect(problems).toEqual([]);
  });

  test('refers to no source in its declarations', async () => {
    const library = join(packed.folder, 'dist/library');
    const declarations = (await readdir(library)).filter((name) => name.endsWith('.d.ts'));
    expect(declarations.sort()).toEqual(['index.d.ts', 'shared.d.ts', 'testing.d.ts']);
    for (const name of declarations)
      expect(await readFile(join(library, name), 'utf8')).not.toMatch(/['"][^'"]*\.ts['"]/);
  });

  const consumer = `
    import { LeaderElector, leaseLock, type Lock, type Term } from 'k8s-leader';
    import { FakeClock, lockContract, MemoryLockServer } from 'k8s-leader/testing';
    const lock: Lock = new MemoryLockServer().handle();
    const elector = new LeaderElector({ lock, clock: new FakeClock(), leaseDurationMs: 15_000 });
    export const token = async (): Promise<string | undefined> => {
      for await (const term of elector.terms()) return term.fencingToken;
      return undefined;
    };
    export const end = elector.run({ onStartedLeading: (term: Term) => term.release() });
    export const leases = [leaseLock({ name: 'a' }), ...lockContract(() => Promise.reject(new Error()))];
    // @ts-expect-error a name is required
    leaseLock({});`;
  const { ModuleKind, ModuleResolutionKind } = ts;
  test.each([
    ['node16', ModuleKind.Node16, ModuleResolutionKind.Node16, 'ts'],
    ['nodenext', ModuleKind.NodeNext, ModuleResolutionKind.NodeNext, 'ts'],
    ['nodenext, CommonJS', ModuleKind.NodeNext, ModuleResolutionKind.NodeNext, 'cts'],
    ['bundler', ModuleKind.ESNext, ModuleResolutionKind.Bundler, 'ts'],
  ])('is typed under moduleResolution %s', async (name, module, moduleResolution, extension) => {
    const file = join(packed.project, `${name.replaceAll(/\W/g, '-')}.${extension}`);
    await writeFile(file, consumer);
    expect(complaintsAbout([file], { module, moduleResolution })).toEqual([]);
  });
});

describe('installed', () => {
  const demo = ['run', '--backend', 'local', '--lock', 'demo', '--'];

  test('runs no script', () => {
    expect(installed.said).toContain('added 1 package');
    expect(installed.said).not.toContain('> k8s-leader@');
  });

  test('brings its manual page', async () => {
    const manual = await readFile(join(installed.prefix, 'share/man/man1/k8s-leader.1'), 'utf8');
    expect(manual).toContain('.TH K8S');
  });

  describe.each(['k8s-leader', 'kubectl-leader'])('%s', (name) => {
    test.each(['run', 'npx'] as const)('runs the demo by %s', (how) => {
      const ended = installed[how](name, ...demo, 'sh', '-c', 'echo hello; exit 3');
      expect(ended).toMatchObject({ status: 3, stdout: 'hello\n' });
    });

    test('says its version, and what was built', async () => {
      const manifest = await readFile(join(packed.folder, 'package.json'), 'utf8');
      const { version } = JSON.parse(manifest) as { version: string };
      const { stdout, status } = installed.run(name, '--version');
      expect(status).toBe(0);
      expect(stdout.replace(/ \([0-9a-f]{7,}(-dirty)?\)/, '')).toBe(`${version}\n`);
      expect(installed.run(name, '-V', 'or', 'not').stdout).toBe(stdout);
    });

    test('reads YAML and a kubeconfig, and says what it counts', () => {
      const rbac = installed.run(name, 'rbac', '--lock', 'demo');
      expect(rbac).toMatchObject({ status: 0, stderr: '' });
      const there = installed.run(name, 'status', '--lock', 'demo', '--kubeconfig', '/dev/null');
      expect(there).toMatchObject({ status: 69, stdout: '' });
      const counted = installed.run(name, ...demo.with(-1, '--listen'), '127.0.0.1:0', 'true');
      expect(counted).toMatchObject({ status: 0 });
    });
  });
});

/** A script that looks at a lock where a kubeconfig says, and says what came of it. */
function reading(library: string): string {
  const kubeconfig = {
    clusters: [{ name: 'it', cluster: { server: 'http://127.0.0.1:1' } }],
    users: [{ name: 'it', user: { token: 'secret' } }],
    contexts: [{ name: 'it', context: { cluster: 'it', user: 'it' } }],
    'current-context': 'it',
  };
  return `const { writeFileSync } = process.getBuiltinModule('node:fs');
    writeFileSync('config', ${JSON.stringify(JSON.stringify(kubeconfig))});
    const library = ${library};
    const cluster = library.openCluster({ kubeconfig: 'config' });
    const lock = library.leaseLock({ name: 'a', cluster });
    const { signal } = new AbortController();
    lock.read({ signal }).then(
      () => console.log('read'),
      ({ message }) => console.log(message),
    );`;
}

test('the examples of docs/library.md compile against it', async () => {
  const folder = join(packed.project, 'examples');
  await cp('docs/examples', folder, { recursive: true });
  const files = (await readdir(folder)).map((name) => join(folder, name));
  // One of them asks the API server for something else, with its client.
  const installed = join(folder, 'node_modules');
  await mkdir(installed);
  await symlink(join(process.cwd(), 'node_modules/@kubernetes'), join(installed, '@kubernetes'));
  const { NodeNext } = ts.ModuleKind;
  const options = { module: NodeNext, allowImportingTsExtensions: true, lib: ['lib.es2024.d.ts'] };
  expect(complaintsAbout(files, options)).toEqual([]);
});

describe.each([
  ['import', 'esm.mjs', 'await import'],
  ['require', 'cjs.cjs', 'require'],
])('%s of the package', (_, file, load) => {
  test('gives all of it, of one kind', async () => {
    const said = await packed.node(
      file,
      `const library = ${load}('k8s-leader'), testing = ${load}('k8s-leader/testing');
       const lock = new testing.MemoryLockServer().handle();
       const refused = lock.read({ signal: AbortSignal.abort() }).catch((error) => error);
       refused.then((error) => console.log(JSON.stringify({
         names: Object.keys(library).sort(),
         testing: Object.keys(testing).sort(),
         isOneKind: error instanceof library.LockFault,
       })));`,
    );
    expect(JSON.parse(said)).toEqual({
      names,
      testing: ['FakeClock', 'MemoryLockServer', 'atRest', 'lockContract'],
      isOneKind: true,
    });
  });

  test('reads a kubeconfig without any other package', async () => {
    const said = await packed.node(file, reading(`${load}('k8s-leader')`));
    expect(said).toBe('cannot reach the API server 127.0.0.1:1: connection refused\n');
  });

  test('changes nothing and leaves nothing behind', async () => {
    const said = await packed.node(
      file,
      `const state = () => ({
         listeners: process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
         handles: process.getActiveResourcesInfo(),
         env: Object.entries(process.env),
         globals: Reflect.ownKeys(globalThis).map(String),
         cwd: process.cwd(),
         umask: process.umask(),
       });
       const before = state();
       const library = ${load}('k8s-leader');
       const lock = library.leaseLock({ name: 'a' });
       new library.LeaderElector({ lock });
       const after = state();
       const changed = Object.keys(before).filter((key) => String(before[key]) !== String(after[key]));
       console.log(JSON.stringify(changed.map((key) => [key, before[key], after[key]])));`,
      '--throw-deprecation',
    );
    expect(JSON.parse(said)).toEqual([]);
  });

  test('loads nothing of the network or of processes until it is needed', async () => {
    const said = await packed.node(
      file,
      `const before = new Set(process.moduleLoadList);
       const library = ${load}('k8s-leader');
       console.log(JSON.stringify(process.moduleLoadList.filter((name) => !before.has(name))));`,
    );
    const loaded = JSON.parse(said) as string[];
    expect(loaded).not.toEqual([]);
    const dear = ['net', 'tls', 'http', 'https', 'dns', 'child_process'];
    expect(dear.filter((name) => loaded.includes(`NativeModule ${name}`))).toEqual([]);
  });
});

test('what a bundler leaves of one lock has no elector in it', async () => {
  const sizeOf = async (contents: string) => {
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: packed.project },
      bundle: true,
      minify: true,
      logLevel: 'error',
      format: 'esm',
      platform: 'node',
      external: ['@kubernetes/client-node'],
      splitting: true,
      outdir: join(packed.project, 'out'),
      write: false,
    });
    return outputFiles.find(({ path }) => path.endsWith('stdin.js'))?.contents.length ?? 0;
  };
  const nothing = await sizeOf(`import 'k8s-leader';`);
  const lock = await sizeOf(`import { leaseLock } from 'k8s-leader'; leaseLock({ name: 'a' });`);
  const all = await sizeOf(`export * from 'k8s-leader';`);
  expect(nothing).toBe(0);
  expect(lock).toBeLessThan(all / 3);
});

test('a bundle of it reads a kubeconfig by the client that is installed, and else says what is missing', async () => {
  const { outputFiles } = await build({
    stdin: { contents: reading(`await import('k8s-leader')`), resolveDir: packed.project },
    bundle: true,
    logLevel: 'error',
    format: 'esm',
    platform: 'node',
    external: ['@kubernetes/client-node'],
    write: false,
  });
  const bundle = outputFiles[0]!.text;
  expect(await packed.node('bundle.mjs', bundle)).toMatch(/needs @kubernetes\/client-node to be/);
  const scope = join(packed.project, 'node_modules/@kubernetes');
  await symlink(join(process.cwd(), 'node_modules/@kubernetes'), scope);
  const said = await packed.node('bundle.mjs', bundle);
  await unlink(scope);
  expect(said).toBe('cannot reach the API server 127.0.0.1:1: connection refused\n');
});
