/** rustfmt's and clippy's opinion of native/host, where there is Rust: nothing but the host needs it. */
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { cargo } from './rust.js';

const crate = resolve('native/host');

function isThere() {
  try {
    execFileSync('cargo', ['--version'], { cwd: crate, stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

if (isThere()) {
  execFileSync('cargo', ['fmt', '--check'], { cwd: crate, stdio: 'inherit' });
  const forLinks = ['--quiet', '--all-targets', '--', '-D', 'warnings'];
  cargo(crate, 'linux-x64', ['clippy', ...forLinks], { K8S_LEADER_MODULES: '/dev/null' });
} else {
  console.log('native/host is not checked: there is no cargo');
}
