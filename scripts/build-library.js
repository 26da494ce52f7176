/**
 * Bundles the library into dist/library: ES modules, one for each entry, and what is only sometimes needed in chunks of
 * their own, so that importing it loads the algorithm and nothing else. Node gives it to require() as well.
 */
import { rmSync } from 'node:fs';
import { build } from 'esbuild';
import { foldersOf } from './notices.js';
import { versionDefines } from './version.js';

/**
 * Importing node:http as an ES module reads all of its properties, and some of them are lazy: undici, http2 and zlib
 * are loaded with it (30 ms, 10 MB). Asked for this way, it comes alone.
 */
const lazyBuiltins = {
  name: 'lazy builtins',
  setup(building) {
    building.onResolve({ filter: /^(node:)?https?$/ }, ({ path }) => ({
      path,
      namespace: 'builtin',
    }));
    building.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

rmSync('dist/library', { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: { index: 'src/index.ts', testing: 'src/testing/index.ts' },
  outdir: 'dist/library',
  bundle: true,
  // Only for a kubeconfig. Bundled, it would ask for a require() that not every place has, such as a bundle of a bundle.
  external: ['@kubernetes/client-node'],
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  define: versionDefines,
  plugins: [lazyBuiltins],
  metafile: true,
  logLevel: 'warning',
});
// dist/THIRD-PARTY-NOTICES is about the program.
const foreign = foldersOf(metafile);
if (foreign.length > 0)
  throw new Error(`the library has code of others in it: ${foreign.join(', ')}`);
