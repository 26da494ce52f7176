/** The file in dist/ of a library that is only sometimes needed. */
export function fileOf(path) {
  return `${path.replaceAll(/[^\w.]+/g, '-').replace(/^-|\.js$/g, '')}.cjs`;
}
