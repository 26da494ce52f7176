/** What BuildKit's own reader and checks say of the Dockerfile; what comes out of its steps is in image.test.ts. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { dockerfileOf, type Dockerfile } from '../dockerfile/dockerfile.ts';

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  description: string;
  license: string;
};
let dockerfile: Dockerfile;

// Go builds the reader once.
beforeAll(async () => {
  dockerfile = await dockerfileOf(resolve());
}, 900_000);

it('passes all checks of BuildKit', () => {
  expect(dockerfile.warnings).toEqual([]);
});

it('is read by what would find something', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'k8s-leader-dockerfile-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const lines = ['FROM node AS Build', 'ENV A b', 'COPY LICENSE .', 'CMD node', 'CMD ["node"]'];
  writeFileSync(join(folder, 'Dockerfile'), lines.join('\n'));
  writeFileSync(join(folder, '.dockerignore'), 'LICENSE\n');
  const rules = (await dockerfileOf(folder)).warnings.map(({ rule }) => rule);
  expect(rules).toEqual(
    expect.arrayContaining([
      'StageNameCasing',
      'LegacyKeyValueFormat',
      'JSONArgsRecommended',
      'MultipleInstructionsDisallowed',
      'CopyIgnoredFile',
    ]),
  );
});

it('says what the image is; a release adds from where, and of what version', () => {
  const { Labels } = dockerfile.config;
  const prefix = 'org.opencontainers.image.';
  expect(Labels).toEqual({
    [`${prefix}title`]: 'k8s-leader',
    [`${prefix}description`]: manifest.description,
    [`${prefix}licenses`]: manifest.license,
  });
  const release = readFileSync('.github/workflows/release.yml', 'utf8');
  const added = [...release.matchAll(/^ +org\.opencontainers\.image\.(\w+)=/gm)];
  // Of both variants.
  const names = ['source', 'documentation', 'revision', 'version'];
  expect(added.map(([, name]) => name)).toEqual([...names, ...names]);
});

it('makes it run without root, on nothing by default', () => {
  const { config, stages } = dockerfile;
  // By number: a kubelet cannot tell whether a name is root (runAsNonRoot).
  expect(config.User).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  expect(readFileSync('Dockerfile', 'utf8')).toMatch(/^ARG BASE=scratch$/m);
  expect(stages.map(({ base }) => base)).toEqual([
    'scratch',
    'scratch',
    '${TARGETARCH}',
    '${BASE}',
  ]);
});
