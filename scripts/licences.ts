/** Licences of what is linked into the host that may be shipped with their texts alone. */
const allowed = ['Apache-2.0', 'BSD-3-Clause', 'ISC', 'MIT', 'Zlib'];

/** Whether one side of each `OR` of an SPDX expression is all allowed; anything more nested is not. */
export function isAllowed(licence: string): boolean {
  const sides = licence.split(/ OR |\//);
  return sides.some((side) => side.split(' AND ').every((each) => allowed.includes(each)));
}
