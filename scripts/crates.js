/**
 * The Rust that is in the host (native/host): its licences, each of which must be one that we may ship, and its bill of
 * materials.
 *
 *     node scripts/crates.js --sbom     prints it as SPDX
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isAllowed } from './licences.ts';
import { licenceIn } from './notices.js';
import { triples } from './triples.ts';

const crate = resolve('native/host');

function metadata() {
  const args = ['metadata', '--format-version=1', '--locked'];
  const machines = Object.values(triples).map((triple) => `--filter-platform=${triple}`);
  const options = { cwd: crate, encoding: 'utf8', maxBuffer: 2 ** 28 };
  return JSON.parse(execFileSync('cargo', [...args, ...machines], options));
}

/** The crates that are linked into the host: none that only build it. Ours is the first. */
function linked({ packages, resolve: { root, nodes } }) {
  const isMacro = ({ targets }) => targets.some(({ kind }) => kind.includes('proc-macro'));
  const found = new Map();
  const visit = (id) => {
    const each = packages.find((one) => one.id === id);
    if (found.has(id) || isMacro(each)) return;
    const { deps } = nodes.find((node) => node.id === id);
    const needs = deps.filter(({ dep_kinds: kinds }) => kinds.some(({ kind }) => kind === null));
    found.set(id, { ...each, needs: needs.map(({ pkg }) => pkg) });
    for (const { pkg } of needs) visit(pkg);
  };
  visit(root);
  return found;
}

const folderOf = ({ manifest_path: path }) => dirname(path);

/** Of the crates, of the engine that one of them contains, and of the standard library. @throws {Error} if one must not ship */
export function noticesOfCrates() {
  const crates = [...linked(metadata()).values()].slice(1);
  for (const { name, license } of crates)
    if (!isAllowed(license ?? '')) throw new Error(`the licence of ${name} is ${license}`);
  const engine = join(folderOf(crates.find(({ name }) => name === 'rquickjs-sys')), 'quickjs');
  return [
    ...crates.map((each) => ({
      title: `${each.name} ${each.version} (${each.license}), of Rust`,
      text: textOf(each, crates),
    })),
    { title: `QuickJS-ng ${versionOf(engine)} (MIT)`, text: licenceIn(engine) },
    ofStandardLibrary(),
  ];
}

/** Where there is a choice, MIT's: it says whose it is. Crates of one repository may have it in one of them. */
function textOf(it, crates) {
  const mit = join(folderOf(it), 'LICENSE-MIT');
  const own = existsSync(mit) ? readFileSync(mit, 'utf8').trim() : licenceIn(folderOf(it));
  if (own !== '') return own;
  const sibling = crates.find(({ repository, ...other }) => {
    return repository === it.repository && licenceIn(folderOf(other)) !== '';
  });
  if (!sibling)
    throw new Error(`${it.name} is in the host, but has no licence that could be shipped`);
  return licenceIn(folderOf(sibling));
}

function versionOf(engine) {
  const header = readFileSync(join(engine, 'quickjs.h'), 'utf8');
  const parts = ['MAJOR', 'MINOR', 'PATCH'].map((part) =>
    new RegExp(`QJS_VERSION_${part} (\\d+)`).exec(header)?.at(1),
  );
  return parts.join('.');
}

function ofStandardLibrary() {
  const version = execFileSync('rustc', ['--version'], { cwd: crate, encoding: 'utf8' });
  return {
    title: `Rust's standard library ${version.split(' ')[1]} (MIT OR Apache-2.0)`,
    text: `Copyright (c) The Rust Project Developers, see https://thanks.rust-lang.org

Here, like the crates that it consists of, under the Apache License 2.0: see LICENSE. It is linked with musl, which has
its own notice, and with libunwind and compiler-rt of the LLVM Project, under the same licence with the LLVM exception.`,
  };
}

/** https://spdx.github.io/spdx-spec/v2.3/: what is linked, and what each needs. */
function sbom() {
  const data = metadata();
  const crates = [...linked(data).values()];
  const lock = readFileSync(join(crate, 'Cargo.lock'), 'utf8');
  const id = ({ name, version }) => `SPDXRef-${name.replaceAll('_', '.')}-${version}`;
  const sums = new Map(
    [...lock.matchAll(/name = "(.*)"\nversion = "(.*)"\n.*\nchecksum = "(.*)"/g)].map(
      ([, name, version, sum]) => [`${name} ${version}`, sum],
    ),
  );
  const described = crates.map((each) => ({
    SPDXID: id(each),
    name: each.name,
    versionInfo: each.version,
    downloadLocation: 'NOASSERTION',
    licenseDeclared: each.license.replaceAll('/', ' OR '),
    copyrightText: 'NOASSERTION',
    ...packaged(each, sums.get(`${each.name} ${each.version}`)),
  }));
  const byId = new Map(crates.map((each) => [each.id, each]));
  const relationships = crates.flatMap((each) =>
    each.needs.flatMap((need) =>
      byId.has(need)
        ? {
            spdxElementId: id(each),
            relationshipType: 'DEPENDS_ON',
            relatedSpdxElement: id(byId.get(need)),
          }
        : [],
    ),
  );
  const seconds = Number(process.env.SOURCE_DATE_EPOCH ?? Date.now() / 1_000);
  return {
    spdxVersion: 'SPDX-2.3',
    SPDXID: 'SPDXRef-DOCUMENT',
    dataLicense: 'CC0-1.0',
    name: 'k8s-leader-host',
    documentNamespace: `https://spdx.invalid/k8s-leader-host/${sums.size}-${Math.floor(seconds)}`,
    creationInfo: {
      created: new Date(Math.floor(seconds) * 1_000).toISOString().replace('.000', ''),
      creators: ['Tool: k8s-leader/scripts/crates.js'],
    },
    documentDescribes: [id(crates[0])],
    packages: described,
    relationships,
  };
}

function packaged({ name, version }, checksum) {
  if (checksum === undefined) return {};
  return {
    checksums: [{ algorithm: 'SHA256', checksumValue: checksum }],
    externalRefs: [
      {
        referenceCategory: 'PACKAGE-MANAGER',
        referenceType: 'purl',
        referenceLocator: `pkg:cargo/${name}@${version}`,
      },
    ],
  };
}

if (process.argv.includes('--sbom')) console.log(JSON.stringify(sbom(), null, 2));
