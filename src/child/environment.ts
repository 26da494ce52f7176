/** What CMD learns about the term it runs under. */
export interface TermFacts {
  readonly lock: string;
  readonly namespace: string;
  readonly identity: string;
  readonly transitions: number;
  /** Grows with every term: what CMD writes to can refuse an older one. */
  readonly fencingToken: string;
  /** Unique to the term. */
  readonly term: string;
  /** The file that tells how long leadership is certain. */
  readonly timeLeft: string | undefined;
}

/** The variables that tell CMD. */
export function termVariables(facts: TermFacts): Record<string, string> {
  return {
    LEADER_LOCK: facts.lock,
    LEADER_NAMESPACE: facts.namespace,
    LEADER_IDENTITY: facts.identity,
    LEADER_TRANSITIONS: String(facts.transitions),
    LEADER_FENCING_TOKEN: facts.fencingToken,
    LEADER_TERM: facts.term,
    ...(facts.timeLeft === undefined ? {} : { LEADER_TIME_LEFT: facts.timeLeft }),
  };
}
