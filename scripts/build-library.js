/**
 * Bundles the library into dist/library: ES modules, one for each entry, and what is only sometimes needed in chunks of
 * their own, so that importing it loads the algorithm and nothing else. Node gives it to require() as well.
 */
import { rmSync } from 'node:fs';
import { build } from 'esbuild';
import { fileOf } from './library-file.js';
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

/**
 * Needed only for a kubeconfig, and in dist/ already, for the program. A bundle of the library has no such file beside it:
 * it imports the package, an optional peer of ours, if whoever made it has installed that.
 */
const besideTheProgram = {
  name: 'beside the program',
  setup(building) {
    building.onResolve({ filter: /^@kubernetes\/client-node\// }, ({ path, importer }) =>
      importer.startsWith(process.cwd()) ? { path, namespace: 'beside' } : { path, external: true },
    );
    building.onLoad({ filter: /.*/, namespace: 'beside' }, ({ path }) => ({
      contents: `const { createRequire } = process.getBuiltinModule('node:module');
        function beside() {
          try {
            return createRequire(import.meta.url)('../${fileOf(path)}');
          } catch (error) {
            if (error.code !== 'MODULE_NOT_FOUND') throw error;
          }
        }
        async function installed() {
          try {
            return await import('${path}');
          } catch (cause) {
            throw new Error('to read a kubeconfig, a bundle of k8s-leader needs @kubernetes/client-node to be installed', { cause });
          }
        }
        const { KubeConfig, loadYaml } = beside() ?? (await installed());
        export { KubeConfig, loadYaml };`,
    }));
  },
};

rmSync('dist/library', { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: { index: 'src/index.ts', testing: 'src/testing/index.ts' },
  outdir: 'dist/library',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  define: versionDefines,
  plugins: [lazyBuiltins, besideTheProgram],
  metafile: true,
  logLevel: 'warning',
});
// dist/THIRD-PARTY-NOTICES is about the program.
const foreign = foldersOf(metafile);
if (foreign.length > 0)
  throw new Error(`the library has code of others in it: ${foreign.join(', ')}`);
