/** rustfmt's and clippy's opinion of native/host, where there is Rust: nothing but the host needs it. */
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { cargo, prepare } from './rust.js';

const crate = resolve('native/host');

function isReady() {
  try {
    prepare(crate, 'linux-x64');
    return true;
  } catch (thrown) {
    console.log(`native/host is not checked: ${thrown.message}`);
    return false;
  }
}

if (isReady()) {
  execFileSync('cargo', ['fmt', '--check'], { cwd: crate, stdio: 'inherit' });
  const forLinks = ['--quiet', '--all-targets', '--', '-D', 'warnings'];
  cargo(crate, 'linux-x64', ['clippy', ...forLinks], { K8S_LEADER_MODULES: '/dev/null' });
}
