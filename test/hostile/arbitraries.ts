/** What somebody careless or hostile may write where we read. */
import fc, { type Arbitrary } from 'fast-check';

/** Text that a terminal acts upon, that looks like a secret, that breaks a line, or that no encoding knows. */
export const text: Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    '\n',
    'a\r\nk8s-leader x: leading, fencing token 7',
    '\u001b[2J\u001b]0;title\u0007',
    '\u009b31m',
    '\u0085next\u2028line\u2029',
    'left\u202eright',
    '\ud800',
    '\0',
    '__proto__',
    '../../x?y#z',
    '%00%zz',
    'x'.repeat(20_000),
  ),
);

/** Names that objects of ours inherit: whoever turns such a value into text calls them. */
const key = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom('toString', 'valueOf', 'toJSON', '__proto__', 'then') },
  { weight: 2, arbitrary: text },
);

/** A JSON value, as what `JSON.parse` makes of hostile text. */
export const json: Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom(null, true, false, 0, -1, 1.5, 1e21, 1e300, 2 ** 31 - 1, 2 ** 31, 2 ** 53),
    text,
    fc.constant({ toString: 1, valueOf: 1 }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc
      .array(fc.tuple(key, tie('value')), { maxLength: 4 })
      // Own properties whatever their name, as JSON.parse makes them.
      .map((entries) => Object.fromEntries(entries) as unknown),
  ),
})).value;

/** An object with the given fields, each of which may be missing or be anything. */
export function objectLike(
  fields: Readonly<Record<string, Arbitrary<unknown>>>,
): Arbitrary<Record<string, unknown>> {
  const perhaps = Object.entries(fields).map(([name, usual]) => [
    name,
    fc.oneof({ weight: 4, arbitrary: usual }, { weight: 1, arbitrary: json }),
  ]);
  return fc.record(Object.fromEntries(perhaps) as Record<string, Arbitrary<unknown>>, {
    requiredKeys: [],
  });
}

/** Text that was cut, doubled, or had some of it replaced. */
export function damaged(whole: Arbitrary<string>): Arbitrary<string> {
  const damage = fc.tuple(fc.nat(), fc.nat(20), text);
  return fc.tuple(whole, fc.array(damage, { maxLength: 3 })).map(([start, damages]) =>
    damages.reduce((left, [where, length, put]) => {
      const at = where % (left.length + 1);
      return left.slice(0, at) + put + left.slice(at + length);
    }, start),
  );
}
