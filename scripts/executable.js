/**
 * Makes one-file executables: our code, compiled, inside of a Bun.
 *
 *     node scripts/executable.js [linux-x64 | linux-x64-musl | linux-arm64 | linux-arm64-musl]…
 *
 * into build/k8s-leader-<form>; without arguments the one for this machine. The runtimes are those of the lock file in
 * packaging/executable, each in a folder of the user's cache, since npm installs for one kind of machine at a time.
 */
import { execFile, execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { bundling } from './bundling.js';
import { withStandIn } from './stand-in.cjs';
import { versionDefines } from './version.js';

const recipe = resolve('packaging/executable');
const isMusl = process.report.getReport().header.glibcVersionRuntime === undefined;
const thisMachine = `linux-${process.arch}${isMusl ? '-musl' : ''}`;

/** What the door needs, of Bun instead of Node, and two of Node's modules as we need them. */
const forBun = {
  name: 'for bun',
  setup(building) {
    building.onResolve({ filter: /^\.\/node\.js$/ }, ({ resolveDir }) =>
      resolveDir === resolve('bin') ? { path: join(recipe, 'bun.cjs') } : undefined,
    );
    building.onResolve({ filter: /^(node:)?(process|os)$/ }, ({ path, resolveDir }) =>
      resolveDir === recipe
        ? { path, external: true }
        : { path: join(recipe, `${path.replace('node:', '')}.cjs`) },
    );
  },
};
const streams = ['stdin', 'stdout', 'stderr'].map((name) => [`process.${name}`, '{}']);

/** Our code in one file, optional parts with it: they are compiled only where a run comes to them. */
async function bundle(outfile) {
  await build({
    ...bundling,
    write: true,
    metafile: false,
    legalComments: 'none',
    entryPoints: ['bin/k8s-leader.js'],
    outfile,
    define: { ...versionDefines, ...Object.fromEntries(streams) },
    plugins: [forBun],
  });
}

/** The Bun of the lock file for such a machine. */
function runtime(form) {
  const name = `bun-${form.replace('arm64', 'aarch64')}`;
  const { version } = JSON.parse(readFileSync(join(recipe, 'package-lock.json'), 'utf8')).packages[
    `node_modules/@oven/${name}`
  ];
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'k8s-leader');
  const folder = join(cache, `${name}-${version}`);
  const program = join(folder, 'node_modules/@oven', name, 'bin/bun');
  if (!existsSync(program)) {
    mkdirSync(folder, { recursive: true });
    for (const file of ['package.json', 'package-lock.json'])
      copyFileSync(join(recipe, file), join(folder, file));
    const [os, cpu, musl] = form.split('-');
    const machine = ['--os', os, '--cpu', cpu, '--libc', musl ?? 'glibc'];
    const quietly = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error'];
    execFileSync('npm', ['ci', ...quietly, ...machine], { cwd: folder, stdio: 'inherit' });
  }
  return program;
}

/** Compiles for such a machine; `orders` say what a start needs of the code, and in which order. */
function compile(bundled, form, outfile, orders = []) {
  execFileSync(
    runtime(thisMachine),
    [
      ...['build', '--compile', '--bytecode', '--minify', `--target=bun-${form}`],
      `--compile-executable-path=${runtime(form)}`,
      ...(orders.length > 0 ? [`--bytecode-order=${orders.join()}`] : []),
      // A wrapper waits: what a just-in-time compiler costs at the start is never earned back.
      '--compile-jit-policy=1000000',
      // Files of whoever starts it, in the folder where that happens, are none of its business.
      ...['--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig'],
      ...['--outfile', outfile, bundled],
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
}

/** Has the program write down which of its functions it comes to, with a local lock and with a server. */
async function ordersOf(program, folder, kubeconfig) {
  const local = ['--backend', 'local', '--local-file', join(folder, 'locks.db')];
  const places = { local, kubeconfig: ['--kubeconfig', kubeconfig] };
  const orders = [];
  for (const [name, flags] of Object.entries(places)) {
    const order = join(folder, `${name}.order`);
    const env = { PATH: process.env.PATH, BUN_BYTECODE_ORDER_OUT: order };
    await promisify(execFile)(program, ['run', '--lock', 'warm-up', ...flags, '--', 'true'], {
      env,
    });
    orders.push(order);
  }
  return orders;
}

const forms = process.argv.length > 2 ? process.argv.slice(2) : [thisMachine];
await withStandIn(async (kubeconfig, folder) => {
  const bundled = join(folder, 'k8s-leader.cjs');
  await bundle(bundled);
  const first = join(folder, 'k8s-leader');
  compile(bundled, thisMachine, first);
  const orders = await ordersOf(first, folder, kubeconfig);
  mkdirSync('build', { recursive: true });
  for (const form of forms) {
    const outfile = resolve('build', `k8s-leader-${form}`);
    compile(bundled, form, outfile, orders);
    console.log(outfile);
  }
});
