/** The manual page is what `--help` says, in a form that every `man` reads. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it, test } from 'vitest';
import { outline } from '../../src/commands/index.ts';

const commands = await outline();

const page = 'man/k8s-leader.1';

/** As a terminal would show it, without bold and underlined letters. */
function shown(): string {
  const text = execFileSync('mandoc', ['-T', 'utf8', '-O', 'width=300', page], {
    encoding: 'utf8',
  });
  // eslint-disable-next-line no-control-regex
  return text.replaceAll(/.\x08/g, '');
}

function mandoc(...flags: string[]): string {
  try {
    return execFileSync('mandoc', [...flags, page], { encoding: 'utf8' });
  } catch (thrown) {
    return String((thrown as { stdout?: unknown }).stdout || thrown);
  }
}

it('is up to date (npm run man)', () => {
  const now = execFileSync(process.execPath, ['scripts/man.ts', '--print'], { encoding: 'utf8' });
  expect(readFileSync(page, 'utf8')).toBe(now);
});

it('has nothing that mandoc warns of', () => {
  const warnings = mandoc('-T', 'lint', '-W', 'warning').split('\n').filter(Boolean);
  // There is none before the first release.
  expect(warnings.filter((line) => !line.includes('missing date'))).toEqual([]);
});

test.each(commands)('has all that is told of $name', ({ name, about, options }) => {
  const text = shown();
  expect(text).toContain(about);
  const section = text.split(/^(?=\S)/m).find((part) => part.startsWith(`${name.toUpperCase()}\n`));
  for (const { long, short, about } of options) {
    if (long === '--help') continue;
    const line = `       ${short === undefined ? '' : `${short}, `}${long}`;
    if (section?.includes(line)) expect(section.replaceAll(/\s+/g, ' ')).toContain(about);
    else expect([name, long]).toEqual(['doctor', expect.any(String)]);
  }
});

it('shows commands as they are typed', () => {
  const help = readFileSync('src/cli/help.ts', 'utf8');
  const examples = [...help.matchAll(/^ {4}(k8s-leader .*?)`?;?$/gm)].map(([, line]) => line);
  expect(examples.length).toBeGreaterThan(3);
  for (const example of examples) expect(shown()).toContain(`           ${example}\n`);
});
