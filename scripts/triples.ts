/** The machines that the one-file executable is made for, as Rust names them. */
export const triples = {
  'linux-x64': 'x86_64-unknown-linux-musl',
  'linux-arm64': 'aarch64-unknown-linux-musl',
};
