/**
 * What names the version, at a release. As `npm version` calls it: what is unreleased in the CHANGELOG becomes the part of
 * the version in package.json, with the date of today; the Helm chart gets that version, and texts and manifests the tag
 * of its image. With `--notes` it prints the part of that version instead.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';

const page = 'CHANGELOG.md';
const chart = 'packaging/chart/Chart.yaml';
const mentions = ['README.md', 'docs/*.md', 'packaging/kustomize/*/*.yaml'];
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const text = readFileSync(page, 'utf8');

/** What stands below a heading, up to the next one; undefined when there is no such heading. */
function partOf(heading) {
  const parts = text.split(/^(?=## \[)/m);
  const part = parts.find((each) => each.startsWith(`## [${heading}]`));
  return part?.slice(part.indexOf('\n')).trim();
}

function change(file, pattern, replacement) {
  writeFileSync(file, readFileSync(file, 'utf8').replace(pattern, replacement));
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
  change(chart, /^(version|appVersion): .*$/gm, `$1: ${version}`);
  const [major, minor] = version.split('.');
  // As long as it is a prerelease, its image has only the whole version for a tag.
  const tag = version.includes('-') ? version : major === '0' ? `0.${minor}` : major;
  for (const file of globSync(mentions))
    change(file, /\bk8s-leader:\d[\w.-]*/g, `k8s-leader:${tag}`);
}
