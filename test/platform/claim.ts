/** What a port must do, said without a test runner: it also runs where there is none. */

/** What a claim may use: made anew for each run, by the side that has Node. */
export interface Place {
  /** Empty, and there for one claim alone. */
  readonly folder: string;
  /** An HTTP server that says in its answer what it was asked, with TLS by `ca`, and how many connections it has seen. */
  readonly server: string;
  /** The same without TLS. */
  readonly plain: string;
  /** Contents, in PEM. */
  readonly ca: string;
  readonly unrelatedCa: string;
  readonly certificate: string;
  readonly key: string;
}

export interface Claim {
  readonly name: string;
  readonly check: (place: Place) => Promise<void> | void;
}

/** @throws {Error} when the two are not the same, looked at as JSON */
export function same(actual: unknown, expected: unknown): void {
  const [found = '', wanted = ''] = [actual, expected].map((value) => JSON.stringify(value));
  if (found !== wanted) throw new Error(`${found} is not ${wanted}`);
}

export function holds(condition: boolean, what: string): void {
  if (!condition) throw new Error(`it does not hold that ${what}`);
}

/** What `work` throws or rejects with. @throws {Error} when it does not */
export async function failure(work: () => unknown): Promise<Error & { code?: unknown }> {
  try {
    await work();
  } catch (thrown) {
    if (thrown instanceof Error) return thrown;
    throw new Error(`${String(thrown)} is no Error`, { cause: thrown });
  }
  throw new Error('it did not fail');
}

export async function failsWith(code: string, work: () => unknown): Promise<void> {
  same((await failure(work)).code, code);
}

/** A wait for a fact; only a failing claim waits for long. */
export async function until(isSo: () => boolean): Promise<void> {
  for (let turns = 0; turns < 6_000; turns += 1) {
    if (isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('it never came true');
}
