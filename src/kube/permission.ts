/** What RBAC may grant, and how to say so to people. */

/** One verb on one kind of object, in a namespace that is known elsewhere. */
export interface Permission {
  readonly verb: 'get' | 'create' | 'update' | 'patch' | 'list' | 'watch';
  /** Empty for the core group. */
  readonly apiGroup: string;
  /** The plural, as in paths and in the rules of RBAC. */
  readonly resource: string;
  /** The only object it is needed for; absent where RBAC cannot limit it so, or where the name is not known before. */
  readonly name?: string | undefined;
}

/** What to add to a Role where this permission is missing. */
export function missingRule(
  { verb, apiGroup, resource, name }: Permission,
  namespace: string,
): string {
  const names = name === undefined ? '' : `resourceNames ["${name}"], `;
  return (
    `add to a Role in namespace "${namespace}": ` +
    `apiGroups ["${apiGroup}"], resources ["${resource}"], ${names}verbs ["${verb}"]`
  );
}
