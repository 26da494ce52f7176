/** The program of test/executable/host.test.ts: checks a claim inside of the host, and ends with 1 if it does not hold. */
import { install } from '../../src/platform/host/globals/index.ts';
import type { Place } from './claim.ts';

install();

const [, name = '', place = '{}'] = native.argv.map((word) => native.text(word));

async function check(): Promise<void> {
  // Not before there is what the language lacks.
  const { claims } = await import('./claims.ts');
  const claim = claims.find((each) => each.name === name);
  if (!claim) throw new Error('there is no such claim');
  await claim.check(JSON.parse(place) as Place);
}

check().then(
  () => native.exit(0),
  (thrown: unknown) => {
    native.sync('write', 2, native.utf8(String(thrown)));
    native.exit(1);
  },
);
