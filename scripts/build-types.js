/**
 * Rolls the declarations of the library into one file for each entry, beside its code in dist/library. What is not
 * exported stays inside, and what is marked as internal is left out.
 */
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';

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
  dir: 'dist/library',
  entryFileNames: '[name].d.ts',
  chunkFileNames: 'shared.d.ts',
});
