/**
 * The licences of what is bundled, as their authors ask for: the licence file of every package that esbuild has taken
 * code from, and the notices inside of their files, which are about what they have bundled themselves.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const rule = `\n${'-'.repeat(80)}\n\n`;

/** `metafiles` are esbuild's, `legalTexts` its files `*.LEGAL.txt`, `others` what comes along without esbuild. */
export function noticesOf(metafiles, legalTexts, others = []) {
  const packages = [...new Set(metafiles.flatMap(foldersOf))].map(licensed).concat(others);
  packages.sort((a, b) => a.title.localeCompare(b.title, 'en'));
  const parts = packages.map(({ title, text }) => `${title}\n\n${text}\n`);
  const inner = [...new Set(legalTexts.flatMap((text) => text.match(/\/\*!.*?\*\//gs) ?? []))];
  const intro = `k8s-leader itself is under the Apache License 2.0, see LICENSE. Its built files contain code of these
packages, under the licences that follow:

${packages.map(({ title }) => `  ${title}`).join('\n')}
`;
  const last = `Notices in the files of these packages, about what they contain in turn:\n\n${inner.join('\n')}\n`;
  return [intro, ...parts, ...(inner.length > 0 ? [last] : [])].join(rule);
}

/** The keeper (native/) is linked with this C library. */
export function noticeOfMusl() {
  return {
    title: 'musl (MIT), in the keeper',
    text: readFileSync('native/bin/LICENSE-musl', 'utf8').trim(),
  };
}

/** The packages that something is left of. */
export function foldersOf({ outputs }) {
  const files = Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs)
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([path]) => path),
  );
  return files.flatMap((file) => file.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0] ?? []);
}

function licensed(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const text = licenceIn(folder);
  if (text === '' || typeof license !== 'string')
    throw new Error(`${folder} is bundled, but has no licence that could be shipped`);
  return { title: `${name} ${version} (${license})`, text };
}

/** The texts of a package's files about its licence; empty where it has none. */
export function licenceIn(folder) {
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|copying)\b/i.test(file));
  return files.map((file) => readFileSync(join(folder, file), 'utf8').trim()).join('\n\n');
}
