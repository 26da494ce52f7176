/** What somebody has configured, and the platform has no way to use: said in full, unlike the errors of systems. */
export class Unusable extends Error {
  override readonly name: string = 'Unusable';
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}
