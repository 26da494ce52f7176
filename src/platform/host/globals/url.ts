/** URL, parsed by the host. Nothing of ours changes one. */

export class HostUrl {
  readonly href: string;
  readonly protocol: string;
  readonly username: string;
  readonly password: string;
  readonly hostname: string;
  readonly port: string;
  readonly pathname: string;
  readonly search: string;
  readonly hash: string;

  constructor(text: string | HostUrl, base?: string | HostUrl) {
    const parts = native.url(String(text), base === undefined ? undefined : String(base));
    this.href = parts.href;
    this.protocol = parts.protocol;
    this.username = parts.username;
    this.password = parts.password;
    this.hostname = parts.hostname;
    this.port = parts.port;
    this.pathname = parts.pathname;
    this.search = parts.search;
    this.hash = parts.hash;
  }

  static canParse(text: string, base?: string): boolean {
    return HostUrl.parse(text, base) !== null;
  }

  static parse(text: string, base?: string): HostUrl | null {
    try {
      return new HostUrl(text, base);
    } catch {
      return null;
    }
  }

  get host(): string {
    return this.port === '' ? this.hostname : `${this.hostname}:${this.port}`;
  }

  get origin(): string {
    return `${this.protocol}//${this.host}`;
  }

  toString(): string {
    return this.href;
  }

  toJSON(): string {
    return this.href;
  }
}
