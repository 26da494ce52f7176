import * as files from '../../src/platform/files.ts';
import * as now from '../../src/platform/files-now.ts';
import * as paths from '../../src/platform/paths.ts';
import { failsWith, failure, holds, same, until, type Claim } from './claim.ts';

export const claimsAboutFiles: readonly Claim[] = [
  {
    name: 'a text that is written can be read, by both kinds of files',
    async check({ folder }) {
      const path = `${folder}/text`;
      await files.writeText(path, 'größer\n');
      await files.writeText(path, 'groß\n');
      const file = await files.open(path);
      same(await file.text(), 'groß\n');
      same((await file.start(4)).toString('latin1'), Buffer.from('groß').toString('latin1', 0, 4));
      const { kind, size } = await file.facts();
      await file.close();
      same([kind, size], ['file', 6]);
      same(now.readNow(path).toString(), 'groß\n');
      same(now.startOf(path, 3).toString('latin1'), 'gro');
    },
  },
  {
    name: 'a file of /proc, which has no size, is read to its end',
    async check() {
      const file = await files.open('/proc/self/status');
      holds((await file.text()).includes('\nPid:\t'), 'it has a Pid');
      await file.close();
      holds(now.readNow('/proc/self/status').toString().includes('\nPid:\t'), 'it has one at once');
    },
  },
  {
    name: 'a new file is its owner’s alone, and only one is new',
    async check({ folder }) {
      const path = `${folder}/new`;
      const file = await files.open(path, { write: 'new' });
      await file.write('once');
      await file.datasync();
      await file.sync();
      await file.close();
      same((await files.stat(path)).mode & 0o777, 0o600);
      await failsWith('EEXIST', () => files.open(path, { write: 'new' }));
    },
  },
  {
    name: 'two that append to a file, and read its beginning, see the first',
    async check({ folder }) {
      const path = `${folder}/appended`;
      const how = { write: 'append', noFollow: true, noWait: true } as const;
      const [one, two] = [await files.open(path, how), await files.open(path, how)];
      same((await one.start(10)).length, 0);
      await one.write('one\n');
      await two.write('two\n');
      same((await two.start(4)).toString(), 'one\n');
      same((await one.start(100)).toString(), 'one\ntwo\n');
      await one.close();
      await two.close();
    },
  },
  {
    name: 'errors have the system’s name, and say what was tried',
    async check({ folder }) {
      const path = `${folder}/none`;
      await failsWith('ENOENT', () => files.open(path));
      await failsWith('ENOENT', () => files.stat(path));
      await failsWith('ENOENT', () => files.readdir(path));
      await failsWith('ENOENT', () => files.unlink(path));
      await failsWith('ENOENT', () => files.rename(path, `${path}-2`));
      await failsWith('EISDIR', () => now.readNow(folder));
      await failsWith('ENOTDIR', () => files.readdir('/proc/self/status'));
      await failsWith('EINVAL', () => now.targetOf(folder));
      const { message } = await failure(() => files.open(path));
      same(message, `ENOENT: no such file or directory, open '${path}'`);
    },
  },
  {
    name: 'a link is followed, or seen, or refused',
    async check({ folder }) {
      const link = '/proc/self/cwd';
      same((await files.lstat(link)).kind, 'link');
      same((await files.stat(link)).kind, 'folder');
      same(await files.realpath(link), now.targetOf(link));
      await failsWith('ELOOP', () => files.open('/proc/self/exe', { noFollow: true }));
      same(await files.realpath(`${folder}/../.`), paths.dirname(await files.realpath(folder)));
    },
  },
  {
    name: 'a folder is made for its owner, listed, moved and removed',
    async check({ folder }) {
      await files.mkdir(`${folder}/a`);
      same((await files.stat(`${folder}/a`)).mode & 0o777, 0o700);
      await failsWith('EEXIST', () => files.mkdir(`${folder}/a`));
      await failsWith('ENOENT', () => files.mkdir(`${folder}/b/c`));
      await files.mkdir(`${folder}/a/deeper`);
      await files.writeText(`${folder}/a/x`, '');
      await files.writeText(`${folder}/a/deeper/y`, '');
      same((await files.readdir(`${folder}/a`)).sort(), ['deeper', 'x']);
      same(now.listNow(`${folder}/a`).sort(), ['deeper', 'x']);
      await files.mkdir(`${folder}/full`);
      await files.writeText(`${folder}/full/z`, '');
      const { code } = await failure(() => files.rename(`${folder}/a`, `${folder}/full`));
      holds(code === 'ENOTEMPTY' || code === 'EEXIST', 'a full folder is not replaced');
      await files.rename(`${folder}/a`, `${folder}/moved`);
      await files.remove(`${folder}/moved`);
      await files.remove(`${folder}/moved`);
      same(now.exists(`${folder}/moved`), false);
    },
  },
  {
    name: 'a program is copied, and may be executed',
    async check({ folder }) {
      await files.copyProgram('/proc/self/status', `${folder}/program`);
      now.demand(`${folder}/program`, 'execute');
      same((await files.stat(`${folder}/program`)).mode & 0o777, 0o755);
    },
  },
  {
    name: 'the file system has a type',
    async check() {
      same(await files.fileSystemType('/proc'), 0x9fa0);
    },
  },
  {
    name: 'a watch tells what comes into a folder, until it is closed',
    async check({ folder }) {
      const told: string[] = [];
      const watch = files.watchFolder(
        folder,
        (name) => told.push(name),
        () => told.push('an error'),
      );
      await files.writeText(`${folder}/came`, '');
      await until(() => told.includes('came'));
      await files.rename(`${folder}/came`, `${folder}/went-on`);
      await until(() => told.includes('went-on'));
      watch.close();
      watch.close();
      holds(!told.includes('an error'), 'there was no error');
      await failsWith('ENOENT', () => {
        files.watchFolder(
          `${folder}/none`,
          () => undefined,
          () => undefined,
        );
      });
    },
  },
  {
    name: 'what is at hand exists, is a file, and may be used or not',
    async check({ folder }) {
      await files.writeText(`${folder}/plain`, '');
      same([now.exists(folder), now.exists(`${folder}/plain/x`)], [true, false]);
      same([now.isFile(`${folder}/plain`), now.isFile(folder)], [true, false]);
      same(now.isFile(Buffer.from(`${folder}/plain`)), true);
      await failsWith('ENOENT', () => now.isFile(`${folder}/none`));
      now.demand(`${folder}/plain`, 'write');
      now.demand(folder, 'write', 'execute');
      await failsWith('EACCES', () => {
        now.demand(`${folder}/plain`, 'execute');
      });
    },
  },
  {
    name: 'paths are joined, resolved and taken apart',
    check() {
      const { join, resolve, dirname, basename, isAbsolute, delimiter } = paths;
      same([join('a', '..', 'b', './c'), join('', ''), join('/a/', '/b')], ['b/c', '.', '/a/b']);
      same([resolve('/a', 'b', '../c'), resolve('/a', '/b/')], ['/a/c', '/b']);
      same(resolve('x'), `${now.targetOf('/proc/self/cwd')}/x`.replace('//', '/'));
      same([dirname('/a/b'), dirname('/a'), dirname('a'), dirname('/')], ['/a', '/', '.', '/']);
      same(dirname('a/b/'), 'a');
      same([basename('/a/b'), basename('/a/b/'), basename('/')], ['b', 'b', '']);
      same([isAbsolute('/a'), isAbsolute('a'), delimiter], [true, false, ':']);
    },
  },
];
