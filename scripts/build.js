/**
 * Bundles what ships: the program in one file, and each library that is only sometimes needed in a file of its own.
 * CommonJS, because that can be loaded with the code V8 made of it before (`bin/node.js`), and because importing a
 * part of Node into an ES module reads all of its properties: with node:http that loads undici, http2 and zlib.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { bundling } from './bundling.js';
import { fileOf } from './library-file.js';
import { noticeOfMusl, noticesOf } from './notices.js';
import { versionDefines } from './version.js';

/** On the way to every start. */
const always = ['chalk', 'commander', 'execa'];

/** Libraries that src/ imports and that are not in the program's file, by the names of theirs. */
const libraries = new Map();
const librariesApart = {
  name: 'libraries apart',
  setup(building) {
    building.onResolve({ filter: /^[^./]/ }, ({ path, importer }) => {
      const isOurs = importer.startsWith(`${process.cwd()}/src/`);
      if (!isOurs || path.startsWith('node:') || always.includes(path)) return undefined;
      const name = fileOf(path);
      libraries.set(name, path);
      return { path: `./${name}`, external: true };
    });
  },
};

const built = [];
built.push(
  await build({
    ...bundling,
    entryPoints: ['src/main.ts', 'src/only-version.ts'],
    outdir: 'dist',
    outExtension: { '.js': '.cjs' },
    define: versionDefines,
    plugins: [librariesApart],
  }),
);
for (const [name, path] of libraries)
  built.push(await build({ ...bundling, entryPoints: [path], outfile: `dist/${name}` }));

const files = built.flatMap(({ outputFiles }) => outputFiles);
const isLegal = ({ path }) => path.endsWith('.LEGAL.txt');
const notices = noticesOf(
  built.map(({ metafile }) => metafile),
  files.filter(isLegal).map(({ text }) => text),
  [noticeOfMusl()],
);
// All at once, and no code of an earlier build beside it: V8 would not notice.
rmSync('dist', { recursive: true, force: true });
mkdirSync('dist');
for (const file of files) if (!isLegal(file)) writeFileSync(file.path, file.contents);
writeFileSync('dist/THIRD-PARTY-NOTICES', notices);
execFileSync(process.execPath, ['scripts/warm-up.cjs'], { stdio: ['ignore', 'ignore', 'inherit'] });
