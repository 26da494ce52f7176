/** How esbuild bundles what runs, for Node and for the one file alike. */
export const bundling = {
  bundle: true,
  write: false,
  metafile: true,
  format: 'cjs',
  platform: 'node',
  target: 'node22',
  supported: { 'dynamic-import': false },
  minify: true,
  keepNames: true,
  legalComments: 'external',
  logLevel: 'warning',
};
