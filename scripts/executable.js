/**
 * Makes the one-file executable: our code, compiled to bytecode, inside of a host of our own (native/host).
 *
 *     node scripts/executable.js [linux-x64 | linux-arm64]…    into build/k8s-leader-<form>, with build/THIRD-PARTY-NOTICES
 *     node scripts/executable.js --check [form]…               makes it anew in other folders: the same bytes as in build/?
 *     node scripts/executable.js ENTRY OUTFILE                 another program, for x64
 *
 * By default it is made for x64, and on x64 it is always made.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { bundling } from './bundling.js';
import { noticesOfCrates } from './crates.js';
import { foldersOf, noticeOfMusl, noticesOf } from './notices.js';
import { cargo, prepare } from './rust.js';
import { triples } from './triples.ts';
import { versionDefines } from './version.js';

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

const forHost = (root) => ({
  name: 'for host',
  setup(building) {
    building.onResolve({ filter: /^\.\/node\// }, ({ path, resolveDir }) =>
      resolveDir === join(root, 'src/platform')
        ? { path: join(resolveDir, path.replace('./node/', './host/')) }
        : undefined,
    );
    building.onResolve({ filter: /^[^.]/ }, ({ path, kind }) =>
      kind !== 'entry-point' && instead[path]
        ? { path: join(root, 'src/platform/host/modules', `${instead[path]}.ts`) }
        : undefined,
    );
  },
});

/** The modules, as files in the folder, and what esbuild says about them. */
async function bundle(root, entry, folder) {
  const { outputFiles, metafile } = await build({
    ...bundling,
    // Names as they are: to keep those that are made short costs a call for each function, whenever one is made.
    ...{ minify: false, minifySyntax: true, minifyWhitespace: true, keepNames: false },
    absWorkingDir: root,
    entryPoints: { entry },
    outdir: folder,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    splitting: true,
    supported: {},
    target: 'es2023',
    define: versionDefines,
    plugins: [forHost(root)],
  });
  const modules = outputFiles.filter(({ path }) => path.endsWith('.js'));
  for (const { path, contents } of modules) writeFileSync(path, contents);
  const legalTexts = outputFiles.filter((each) => !modules.includes(each)).map(({ text }) => text);
  return { files: modules.map(({ path }) => path).sort(), metafile, legalTexts };
}

/** Makes an outfile for each form, of what is below `root`. Returns what esbuild says about our part of it. */
async function make(root, entry, outfiles) {
  const folder = mkdtempSync(join(tmpdir(), 'k8s-leader-host-'));
  const crate = join(root, 'native/host');
  try {
    // What makes the bytecode runs on this machine, whatever it is for.
    for (const form of new Set(['linux-x64', ...Object.keys(outfiles)])) prepare(crate, form);
    const { files, ...ours } = await bundle(root, entry, folder);
    const modules = join(folder, 'modules');
    // The bytecode is the same for both machines.
    const compiler = join(cargo(crate, 'linux-x64', ['build', '--bin', 'compile']), 'compile');
    execFileSync(compiler, [modules, ...files], { stdio: 'inherit' });
    for (const [form, outfile] of Object.entries(outfiles)) {
      const words = ['build', '--bin', 'k8s-leader-host'];
      const made = join(cargo(crate, form, words, { K8S_LEADER_MODULES: modules }), words[2]);
      mkdirSync(dirname(outfile), { recursive: true });
      // Not written over: it may be running.
      rmSync(outfile, { force: true });
      copyFileSync(made, outfile);
      console.log(`${outfile}, of ${files.length} modules`);
    }
    return ours;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const outfileOf = (form) => resolve('build', `k8s-leader-${form}`);

/** @throws {Error} when a build in other folders, with nothing of earlier ones, has other bytes */
async function check(forms) {
  const folder = mkdtempSync(join(tmpdir(), 'k8s-leader-anew-'));
  try {
    const { metafile } = await make(process.cwd(), entry, outfilesOf(forms, outfileOf));
    const packages = [...new Set(foldersOf(metafile))];
    const root = join(folder, 'sources');
    for (const path of ['package.json', 'src', 'native/bin', 'native/host', ...packages])
      cpSync(path, join(root, path), { recursive: true });
    process.env.CARGO_TARGET_DIR = join(folder, 'target');
    const again = outfilesOf(forms, (form) => join(folder, basename(outfileOf(form))));
    await make(root, entry, again);
    for (const [form, outfile] of Object.entries(again))
      if (!readFileSync(outfile).equals(readFileSync(outfileOf(form))))
        throw new Error(`${outfileOf(form)} depends on the folder that it was made in`);
    console.log('made in other folders, it has the same bytes');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const outfilesOf = (forms, nameOf) => Object.fromEntries(forms.map((form) => [form, nameOf(form)]));

const entry = 'src/host.ts';
const words = process.argv.slice(2).filter((word) => word !== '--check');
const [first = 'linux-x64', outfile] = words;
if (!triples[first]) await make(process.cwd(), first, { 'linux-x64': resolve(outfile) });
else {
  const forms = words.length > 0 ? words : [first];
  if (process.argv.includes('--check')) await check(forms);
  else {
    const ours = await make(process.cwd(), entry, outfilesOf(forms, outfileOf));
    const notices = [noticeOfMusl(), ...noticesOfCrates()];
    const text = noticesOf([ours.metafile], ours.legalTexts, notices);
    writeFileSync('build/THIRD-PARTY-NOTICES', text);
  }
}
