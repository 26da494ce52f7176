/**
 * Makes one-file executables: our code, compiled, inside of a Bun.
 *
 *     node scripts/executable.js [linux-x64 | linux-x64-musl | linux-arm64 | linux-arm64-musl]…
 *
 * into build/k8s-leader-<form>, with build/THIRD-PARTY-NOTICES; without arguments both for machines like this. The
 * runtimes are those of the lock file in packaging/executable, each in a folder of the user's cache, since npm installs
 * for one kind of machine at a time.
 */
import { execFile, execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { bundling } from './bundling.js';
import { licenceIn, noticesOf } from './notices.js';
import { withStandIn } from './stand-in.cjs';
import { versionDefines } from './version.js';

const recipe = resolve('packaging/executable');
const { packages: runtimes } = JSON.parse(readFileSync(join(recipe, 'package-lock.json'), 'utf8'));
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

/** Our code in one file, optional parts with it: they are compiled only where a run comes to them. Returns the notices. */
async function bundle(outfile) {
  const { metafile, outputFiles } = await build({
    ...bundling,
    entryPoints: ['bin/k8s-leader.js'],
    outfile,
    define: { ...versionDefines, ...Object.fromEntries(streams) },
    plugins: [forBun],
  });
  const legalTexts = [];
  for (const { path, contents, text } of outputFiles)
    if (path === outfile) writeFileSync(outfile, contents);
    else legalTexts.push(text);
  return noticesOf([metafile], legalTexts, [noticeOfBun()]);
}

/** Of Bun itself. As long as its packages come without a licence's text, that says where its authors have it. */
function noticeOfBun() {
  const folder = dirname(dirname(runtime(thisMachine)));
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const none = `Its package, ${name}, names this licence, but has no text of it.`;
  const text = `The program that runs the code of k8s-leader in the one-file executables, as its authors have built it:
https://github.com/oven-sh/bun, tag bun-v${version}.

Libraries that it is linked with have licences of their own, among them the LGPL of JavaScriptCore. LICENSE.md there
lists them, and says how to build Bun with another JavaScriptCore. scripts/executable.js of k8s-leader puts the code,
which is all in its repository, into a Bun.

${licenceIn(folder) || none}`;
  return { title: `Bun ${version} (${license})`, text };
}

/** The Bun of the lock file for such a machine. */
function runtime(form) {
  const name = `bun-${form.replace('arm64', 'aarch64')}`;
  const { version } = runtimes[`node_modules/@oven/${name}`] ?? {};
  if (version === undefined) throw new Error(`there is no Bun for ${form}`);
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

const bothForms = [`linux-${process.arch}`, `linux-${process.arch}-musl`];
const forms = process.argv.length > 2 ? process.argv.slice(2) : bothForms;
await withStandIn(async (kubeconfig, folder) => {
  const bundled = join(folder, 'k8s-leader.cjs');
  const notices = await bundle(bundled);
  const first = join(folder, 'k8s-leader');
  compile(bundled, thisMachine, first);
  const orders = await ordersOf(first, folder, kubeconfig);
  mkdirSync('build', { recursive: true });
  writeFileSync('build/THIRD-PARTY-NOTICES', notices);
  for (const form of forms) {
    const outfile = resolve('build', `k8s-leader-${form}`);
    compile(bundled, form, outfile, orders);
    console.log(outfile);
  }
});
