/** What CMD learns about the term it runs under. */
export interface TermEnvironment {
  readonly lock: string;
  readonly namespace: string;
  readonly identity: string;
  readonly transitions: number;
  /** Grows with every term: what CMD writes to can refuse an older one. */
  readonly fencingToken: string;
  /** Unique to the term, and carried by every process that CMD starts. */
  readonly term: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * CMD's environment: `base` and ours. A wrapper inside a wrapper keeps the outer term's id, so that the outer one
 * still finds everything that was started below it.
 */
export function environmentFor(base: Environment, facts: TermEnvironment): Environment {
  const outer = [base['LEADER_TERM'], base['LEADER_OUTER_TERMS']].filter(Boolean).join(' ');
  return {
    ...base,
    LEADER_LOCK: facts.lock,
    LEADER_NAMESPACE: facts.namespace,
    LEADER_IDENTITY: facts.identity,
    LEADER_TRANSITIONS: String(facts.transitions),
    LEADER_FENCING_TOKEN: facts.fencingToken,
    LEADER_TERM: facts.term,
    ...(outer && { LEADER_OUTER_TERMS: outer }),
  };
}
