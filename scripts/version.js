/** What a build says of itself: the package's version and, in a git checkout, its commit. */
import { execFileSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

/** For esbuild; src/version.ts reads it. */
export const versionDefines = {
  BUILD_VERSION: JSON.stringify(version),
  BUILD_COMMIT: JSON.stringify(commit() ?? ''),
};

/** `1a2b3c4`, with `-dirty` when files differ from it. Nothing where this is no checkout, or one of something around it. */
function commit() {
  try {
    const here = realpathSync(process.cwd());
    if (realpathSync(git('rev-parse', '--show-toplevel')) !== here) return undefined;
    return git('describe', '--always', '--dirty', '--abbrev=7', '--exclude=*');
  } catch {
    return undefined;
  }
}

function git(...words) {
  const env = { ...process.env, GIT_OPTIONAL_LOCKS: '0' };
  const stdio = ['ignore', 'pipe', 'ignore'];
  return execFileSync('git', words, { env, stdio, encoding: 'utf8' }).trim();
}
