/** Bundles what ships: one file for the start, and what is only sometimes needed in chunks of its own. */
import { rmSync, readFileSync } from 'node:fs';
import { build } from 'esbuild';

/**
 * Importing node:http as an ES module reads all of its properties, and some of them are lazy: undici, http2 and zlib
 * are loaded with it (30 ms, 10 MB). Asked for this way, it comes alone.
 */
const lazyBuiltins = {
  name: 'lazy builtins',
  setup(build) {
    build.onResolve({ filter: /^(node:)?https?$/ }, ({ path }) => ({ path, namespace: 'builtin' }));
    build.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

rmSync('dist', { recursive: true, force: true });
await build({
  entryPoints: ['src/main.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  define: { BUILD_VERSION: JSON.stringify(version) },
  // CommonJS dependencies inside an ES module call require().
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  minifyWhitespace: true,
  minifySyntax: true,
  plugins: [lazyBuiltins],
  legalComments: 'linked',
  logLevel: 'warning',
});
