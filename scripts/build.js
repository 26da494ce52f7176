/**
 * Bundles what ships: the program in one file, and each library that is only sometimes needed in a file of its own.
 * CommonJS, because that can be loaded with the code V8 made of it before (`bin/load.js`), and because importing a
 * part of Node into an ES module reads all of its properties: with node:http that loads undici, http2 and zlib.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

/** On the way to every start. */
const always = ['chalk', 'commander', 'execa'];

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const common = {
  bundle: true,
  write: false,
  format: 'cjs',
  platform: 'node',
  target: 'node22',
  supported: { 'dynamic-import': false },
  minify: true,
  keepNames: true,
  legalComments: 'linked',
  logLevel: 'warning',
};

/** Libraries that src/ imports and that are not in the program's file, by the names of theirs. */
const libraries = new Map();
const librariesApart = {
  name: 'libraries apart',
  setup(building) {
    building.onResolve({ filter: /^[^./]/ }, ({ path, importer }) => {
      const isOurs = importer.startsWith(`${process.cwd()}/src/`);
      if (!isOurs || path.startsWith('node:') || always.includes(path)) return undefined;
      const name = `${path.replaceAll(/[^\w.]+/g, '-').replace(/^-|\.js$/g, '')}.cjs`;
      libraries.set(name, path);
      return { path: `./${name}`, external: true };
    });
  },
};

const program = await build({
  ...common,
  entryPoints: ['src/main.ts'],
  outfile: 'dist/main.cjs',
  define: { BUILD_VERSION: JSON.stringify(version) },
  plugins: [librariesApart],
});
const files = [...program.outputFiles];
for (const [name, path] of libraries) {
  const library = await build({ ...common, entryPoints: [path], outfile: `dist/${name}` });
  files.push(...library.outputFiles);
}
// All at once, and no code of an earlier build beside it: V8 would not notice.
rmSync('dist', { recursive: true, force: true });
mkdirSync('dist');
for (const { path, contents } of files) writeFileSync(path, contents);
execFileSync(process.execPath, ['scripts/warm-up.cjs'], { stdio: ['ignore', 'ignore', 'inherit'] });
