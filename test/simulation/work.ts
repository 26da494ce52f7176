/** What a leader does and must not do beside another: the command with all its processes, or the body of a loop. */
export interface Work {
  /** Whether it does something right now. */
  readonly isRunning: boolean;
  readonly isAlive: boolean;
  /** Its wrapper has been killed. */
  orphan(): Promise<void>;
  /** The machine is gone. */
  vanish(): void;
}
