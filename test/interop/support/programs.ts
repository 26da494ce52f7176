/**
 * The other electors as programs: client-go's, built from the Go module beside this folder, and those of
 * two Python packages, installed into a virtual environment exactly as requirements.txt pins them.
 */
import { join } from 'node:path';
import { builtOnce, runTool, type Tool } from './built-once.ts';

export interface GoPrograms {
  readonly elector: string;
  /** The command that runs under ours. */
  readonly life: string;
  /** Runs a command while it leads: the benchmarks compare ours with it. */
  readonly wrapper: string;
}

const here = (...parts: string[]): string => join(import.meta.dirname, '..', ...parts);

const go: Tool = {
  file: 'go',
  absent: 'the interop tests and benchmarks need Go: https://go.dev/dl',
};
const python: Tool = {
  file: 'python3',
  absent: 'the interop tests need python3, 3.11 or newer, with venv (Debian: python3-venv)',
};

export async function goPrograms(): Promise<GoPrograms> {
  const cwd = here('client-go');
  const programs = ['elector', 'life', 'wrapper'];
  const files = [
    'go.mod',
    'go.sum',
    'signs/signs.go',
    'elector/lease.go',
    ...programs.map((name) => `${name}/main.go`),
  ];
  const folder = await builtOnce({
    name: 'interop-client-go',
    sources: files.map((file) => join(cwd, file)),
    world: '',
    async make(target) {
      const packages = programs.map((name) => `./${name}`);
      await runTool(go, ['build', '-trimpath', '-o', `${target}/`, ...packages], {
        cwd,
        env: { CGO_ENABLED: '0', GOWORK: 'off' },
      });
    },
  });
  const [elector, life, wrapper] = programs.map((name) => join(folder, name));
  return { elector: elector!, life: life!, wrapper: wrapper! };
}

/** The elector once more, with the last client-go that has locks in annotations. */
export async function annotationElector(): Promise<string> {
  const cwd = here('client-go');
  const files = ['annotations.mod', 'annotations.sum', 'signs/signs.go'];
  const elector = ['elector/main.go', 'elector/annotations.go'];
  const folder = await builtOnce({
    name: 'interop-client-go-annotations',
    sources: [...files, ...elector].map((file) => join(cwd, file)),
    world: '',
    async make(target) {
      const how = ['-trimpath', '-modfile=annotations.mod', '-tags=annotations'];
      await runTool(go, ['build', ...how, '-o', `${target}/`, './elector'], {
        cwd,
        env: { CGO_ENABLED: '0', GOWORK: 'off' },
      });
    },
  });
  return join(folder, 'elector');
}

/** The path of a Python that has both packages. */
export async function pythonWithElectors(): Promise<string> {
  const requirements = here('python', 'requirements.txt');
  const asked =
    'import ensurepip, sys, venv; assert sys.version_info >= (3, 11); print(sys.executable, sys.version)';
  const world = await runTool(python, ['-c', asked]).catch((cause: unknown) => {
    throw new Error(python.absent, { cause });
  });
  const inside = (folder: string): string => join(folder, 'bin', 'python');
  const folder = await builtOnce({
    name: 'interop-python',
    sources: [requirements],
    world,
    async make(target) {
      await runTool(python, ['-m', 'venv', target]);
      const pip = { file: inside(target), absent: python.absent };
      const exactly = ['--require-hashes', '--only-binary=:all:', '-r', requirements];
      await runTool(pip, ['-m', 'pip', 'install', '--quiet', '--no-input', ...exactly]);
    },
  });
  return inside(folder);
}
