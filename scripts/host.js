/**
 * Makes the small one-file executable: our code, compiled to bytecode, inside of a host of our own (native/host).
 *
 *     node scripts/host.js [ENTRY OUTFILE]     by default into build/k8s-leader-host-linux-x64
 *
 * Rust comes from the machine, with its target x86_64-unknown-linux-musl; C is compiled by the compiler of native/.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { compiler as compilerOfC } from '../native/compiler.js';
import { bundling } from './bundling.js';
import { versionDefines } from './version.js';

const target = 'x86_64-unknown-linux-musl';
const crate = resolve('native/host');
const [entry = 'src/host.ts', outfile = 'build/k8s-leader-host-linux-x64'] = process.argv.slice(2);

/** Modules that a library imports, and what it gets instead. */
const instead = {
  '@kubernetes/client-node/dist/config.js': 'kube-config',
  '@kubernetes/client-node/dist/yaml.js': 'yaml',
  'node:child_process': 'nothing',
  'node:events': 'events',
  'node:fs': 'nothing',
  'node:os': 'os',
  'node:path': 'nothing',
  'node:process': 'process',
  'node:tty': 'tty',
  'node:util': 'util',
  util: 'util',
};

const forHost = {
  name: 'for host',
  setup(building) {
    building.onResolve({ filter: /^\.\/node\// }, ({ path, resolveDir }) =>
      resolveDir === resolve('src/platform')
        ? { path: join(resolveDir, path.replace('./node/', './host/')) }
        : undefined,
    );
    building.onResolve({ filter: /^[^.]/ }, ({ path, kind }) =>
      kind !== 'entry-point' && instead[path]
        ? { path: resolve('src/platform/host/modules', `${instead[path]}.ts`) }
        : undefined,
    );
  },
};

async function bundle(folder) {
  const { outputFiles } = await build({
    ...bundling,
    entryPoints: { entry },
    outdir: folder,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    splitting: true,
    supported: {},
    target: 'es2023',
    define: versionDefines,
    plugins: [forHost],
  });
  const modules = outputFiles.filter(({ path }) => path.endsWith('.js'));
  for (const { path, contents } of modules) writeFileSync(path, contents);
  return modules.map(({ path }) => path);
}

function cargo(args, env = {}) {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'k8s-leader');
  const { zig, lib } = compilerOfC();
  execFileSync('cargo', [...args, '--locked', '--release', '--target', target], {
    cwd: crate,
    stdio: 'inherit',
    env: {
      CARGO_TARGET_DIR: join(cache, 'host'),
      ZIG: zig,
      ZIG_LIB_DIR: lib,
      CC_x86_64_unknown_linux_musl: join(crate, 'cc.sh'),
      AR_x86_64_unknown_linux_musl: join(crate, 'ar.sh'),
      ...process.env,
      ...env,
    },
  });
  return join(process.env.CARGO_TARGET_DIR ?? join(cache, 'host'), target, 'release');
}

const folder = mkdtempSync(join(tmpdir(), 'k8s-leader-host-'));
try {
  const files = await bundle(folder);
  const modules = join(folder, 'modules');
  const compiler = join(cargo(['build', '--bin', 'compile']), 'compile');
  execFileSync(compiler, [modules, ...files], { stdio: 'inherit' });
  const made = cargo(['build', '--bin', 'k8s-leader-host'], { K8S_LEADER_MODULES: modules });
  mkdirSync(dirname(outfile), { recursive: true });
  rmSync(outfile, { force: true });
  copyFileSync(join(made, 'k8s-leader-host'), outfile);
  console.log(`${resolve(outfile)}, of ${files.length} modules`);
} finally {
  rmSync(folder, { recursive: true });
}
