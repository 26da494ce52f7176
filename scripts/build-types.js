/**
 * Rolls the declarations of the library into one file for each entry, beside its code in dist/library, or in the folder
 * that is given. What is not exported stays inside, and what is marked as internal is left out.
 */
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';

const [dir = 'dist/library'] = process.argv.slice(2);
const bundle = await rollup({
  input: { index: 'src/index.ts', testing: 'src/testing/index.ts' },
  plugins: [
    dts({
      tsconfig: 'tsconfig.json',
      compilerOptions: { stripInternal: true, noEmit: false, allowImportingTsExtensions: true },
    }),
  ],
  external: /^node:/,
  onwarn(warning) {
    throw new Error(warning.message);
  },
});
await bundle.write({
  dir,
  entryFileNames: '[name].d.ts',
  chunkFileNames: 'shared.d.ts',
});
