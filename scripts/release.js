/**
 * The CHANGELOG and the Helm chart at a release. As `npm version` calls it: what is unreleased becomes the part of the
 * version in package.json, with the date of today, and the chart gets that version. With `--notes` it prints the part of
 * that version instead.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const page = 'CHANGELOG.md';
const chart = 'packaging/chart/Chart.yaml';
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const text = readFileSync(page, 'utf8');

/** What stands below a heading, up to the next one; undefined when there is no such heading. */
function partOf(heading) {
  const parts = text.split(/^(?=## \[)/m);
  const part = parts.find((each) => each.startsWith(`## [${heading}]`));
  return part?.slice(part.indexOf('\n')).trim();
}

function fail(problem) {
  console.error(`${page}: ${problem}`);
  process.exit(1);
}

if (process.argv.includes('--notes')) {
  const notes = partOf(version);
  if (!notes) fail(`nothing about ${version}`);
  console.log(notes);
} else {
  if (!partOf('Unreleased')) fail('nothing is unreleased');
  if (partOf(version) !== undefined) fail(`${version} is there already`);
  const today = new Date().toISOString().slice(0, 10);
  const heading = `## [Unreleased]\n\n## [${version}] - ${today}`;
  writeFileSync(page, text.replace(/^## \[Unreleased\]/m, heading));
  const about = readFileSync(chart, 'utf8');
  writeFileSync(chart, about.replace(/^(version|appVersion): .*$/gm, `$1: ${version}`));
}
