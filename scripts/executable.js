/**
 * Makes one-file executables: our code, compiled, inside of a Bun.
 *
 *     node scripts/executable.js [linux-x64 | linux-x64-musl | linux-arm64 | linux-arm64-musl]…
 *
 * into build/k8s-leader-<form>, with build/THIRD-PARTY-NOTICES; without arguments both for machines like this.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { compile, recipe, runtime, thisMachine, withoutStreams } from './bun.ts';
import { bundling } from './bundling.js';
import { licenceIn, noticeOfMusl, noticesOf } from './notices.js';
import { withStandIn } from './stand-in.cjs';
import { versionDefines } from './version.js';

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

/** Our code in one file, optional parts with it: they are compiled only where a run comes to them. Returns the notices. */
async function bundle(outfile) {
  const { metafile, outputFiles } = await build({
    ...bundling,
    entryPoints: [join(recipe, 'entry.cjs')],
    outfile,
    define: { ...versionDefines, ...withoutStreams },
    plugins: [forBun],
    external: ['bun:ffi'],
    loader: { '': 'binary' },
  });
  const legalTexts = [];
  for (const { path, contents, text } of outputFiles)
    if (path === outfile) writeFileSync(outfile, contents);
    else legalTexts.push(text);
  return noticesOf([metafile], legalTexts, [noticeOfBun(), noticeOfMusl()]);
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
