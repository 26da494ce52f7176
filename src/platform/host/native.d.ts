/** What the host (native/host) gives to JavaScript. Descriptors and process ids are numbers, bytes are Uint8Array. */

/** Operations on files and names. Their errors have `code`, `errno`, `syscall`, `path` and the message that Node's have. */
interface NativeOperations {
  /** Always with O_CLOEXEC. */
  open(path: string | Uint8Array, flags: number, mode: number): number;
  close(fd: number): void;
  /** Position -1: where it is. */
  read(fd: number, length: number, position: number): Uint8Array<ArrayBuffer>;
  /** From where it is to its end. */
  rest(fd: number): Uint8Array<ArrayBuffer>;
  write(fd: number, bytes: Uint8Array): number;
  stat(path: string | Uint8Array): NativeStat;
  lstat(path: string): NativeStat;
  fstat(fd: number): NativeStat;
  /** `f_type` of statfs(2). */
  fileSystem(path: string): number;
  mkdir(path: string, mode: number): void;
  rmdir(path: string): void;
  unlink(path: string): void;
  rename(from: string, to: string): void;
  readdir(path: string): string[];
  readlink(path: string): string;
  realpath(path: string): string;
  chmod(path: string, mode: number): void;
  access(path: string | Uint8Array, mode: number): void;
  sync(fd: number): void;
  datasync(fd: number): void;
  /** IP addresses, in the resolver's order. */
  resolve(host: string): string[];
  /** A new descriptor of inotify(7) for one path. */
  inotify(path: string, mask: number): number;
  cwd(): string;
  pause(ms: number): void;
}

interface NativeStat {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly dev: number;
  readonly ino: number;
  readonly links: number;
  readonly mtimeMs: number;
}

interface NativeTlsOptions {
  /** PEM, as `cert` and `key`. */
  readonly ca?: Uint8Array | undefined;
  readonly cert?: Uint8Array | undefined;
  readonly key?: Uint8Array | undefined;
  readonly verify: boolean;
}

/** Keeps sessions for the next connection. */
interface NativeTlsConfig {
  /** To a name or an IP address. */
  connect(servername: string): NativeTls;
}

/** One connection, without a socket: what it takes and gives is carried by the caller. */
interface NativeTls {
  /** From the socket. @throws {Error} with Node's codes, such as `CERT_HAS_EXPIRED` */
  receive(bytes: Uint8Array): void;
  /** What has been decrypted. Empty: the peer has closed. Undefined: nothing yet. */
  read(): Uint8Array<ArrayBuffer> | undefined;
  write(bytes: Uint8Array): void;
  /** For the socket; undefined: nothing. */
  take(): Uint8Array<ArrayBuffer> | undefined;
  /** Says goodbye; the bytes are for `take`. */
  close(): void;
  isHandshaking(): boolean;
}

interface NativeChunks {
  /** What is of the body in what has come. @throws {Error} when that makes no sense */
  take(bytes: Uint8Array): Uint8Array<ArrayBuffer>;
  isOver(): boolean;
}

interface NativeSpawnOptions {
  /** Looked up in our PATH if it has no slash. */
  readonly file: string;
  /** Its name first. */
  readonly argv: readonly (string | Uint8Array)[];
  readonly environment: readonly (string | Uint8Array)[];
  /** Which of ours become 0, 1, 2, …; -1: /dev/null. */
  readonly descriptors: readonly number[];
  /** In a session of its own. */
  readonly session: boolean;
}

type NativeOpenFlag =
  | 'O_RDONLY'
  | 'O_WRONLY'
  | 'O_RDWR'
  | 'O_CREAT'
  | 'O_EXCL'
  | 'O_NOCTTY'
  | 'O_TRUNC'
  | 'O_APPEND'
  | 'O_NONBLOCK'
  | 'O_NOFOLLOW';

type NativeUrl = Pick<
  URL,
  | 'href'
  | 'protocol'
  | 'username'
  | 'password'
  | 'hostname'
  | 'port'
  | 'pathname'
  | 'search'
  | 'hash'
>;

interface Native {
  /** At once. */
  sync<O extends keyof NativeOperations>(
    operation: O,
    ...args: Parameters<NativeOperations[O]>
  ): ReturnType<NativeOperations[O]>;
  /** On a thread of its own, for what may hang. */
  thread<O extends keyof NativeOperations>(
    operation: O,
    ...args: Parameters<NativeOperations[O]>
  ): Promise<ReturnType<NativeOperations[O]>>;
  /** How many work. */
  threads(): number;

  timer(ms: number, callback: () => void): number;
  cancel(timer: number): void;
  /** One watch a descriptor, for as long as it is: 1 readable, 2 writable; told is also 4, an error or the end. 0: no more. */
  watch(fd: number, events: number, callback?: (events: number) => void): void;
  /** TERM, INT, HUP, QUIT, USR1 and USR2 by their numbers. They wait until somebody listens. */
  signals(listener: (signal: number) => void): void;

  /** All sockets are non-blocking. To an IP address; watch for 2, then ask `socketError`. */
  connect(address: string, port: number): number;
  /** @throws {Error} what became of it */
  socketError(fd: number): void;
  /** Empty: all addresses. */
  listen(address: string, port: number): number;
  accept(listener: number): number | undefined;
  socketName(fd: number): { readonly address: string; readonly port: number };
  /** 0: none. */
  keepAlive(fd: number, seconds: number): void;
  /** Our half. */
  shutdown(fd: number): void;
  /** Undefined: nothing yet. Empty: the end. */
  receive(fd: number, most: number): Uint8Array<ArrayBuffer> | undefined;
  /** How many were taken. */
  send(fd: number, bytes: Uint8Array): number;
  /** The first is non-blocking. */
  socketpair(): [ours: number, theirs: number];
  /** To read from (non-blocking), and to write to. */
  pipe(): [ours: number, theirs: number];

  tls(options: NativeTlsOptions): NativeTlsConfig;
  /** Of an HTTP/1.1 response, with names in small letters, and what comes twice joined; undefined while it is incomplete. */
  parseHead(
    bytes: Uint8Array,
  ): { status: number; headers: Record<string, string>; length: number } | undefined;

  /** For one body of HTTP/1.1 that comes in chunks. */
  chunks(): NativeChunks;

  /** The process id. @throws {Error} of the system */
  spawn(options: NativeSpawnOptions): number;
  /** To be called in the turn of `spawn`. */
  onExit(pid: number, callback: (waitStatus: number) => void): void;
  kill(pid: number, signal: number): void;
  /** execve(2), with signals as we found them. Only throws. */
  exec(
    file: string,
    argv: readonly (string | Uint8Array)[],
    environment: readonly (string | Uint8Array)[],
  ): never;
  exit(status: number): never;
  dieOf(signal: number): void;
  /** The path of the keeper's program. */
  keeper(): string;

  readonly argv: readonly Uint8Array<ArrayBuffer>[];
  readonly environment: readonly Uint8Array<ArrayBuffer>[];
  readonly pid: number;
  /** Of this machine. */
  readonly openFlags: Readonly<Record<NativeOpenFlag, number>>;
  readonly inherited: {
    /** Bit n-1 for signal n. */
    readonly ignoredSignals: bigint;
    readonly descriptors: readonly number[];
  };
  ppid(): number;
  euid(): number;
  hostname(): string;
  isTerminal(fd: number): boolean;
  columns(fd: number): number;
  monotonicMs(): number;
  /** With the time that the machine slept. */
  bootMs(): number;
  usage(): { readonly cpuMs: number; readonly rssBytes: number };
  random(length: number): Uint8Array<ArrayBuffer>;
  /** Of 32 bits. */
  randomNumber(): number;
  sha256(bytes: Uint8Array): Uint8Array<ArrayBuffer>;
  utf8(text: string): Uint8Array<ArrayBuffer>;
  text(bytes: Uint8Array): string;
  /** The lowest byte of each character. */
  latin1(text: string): Uint8Array<ArrayBuffer>;
  textOfLatin1(bytes: Uint8Array): string;
  /** Where, from there on, these bytes are; undefined: nowhere. */
  find(bytes: Uint8Array, what: Uint8Array, from: number): number | undefined;
  /** -1, 0 or 1, as a dictionary has them. */
  compare(one: Uint8Array, other: Uint8Array): number;
  /** @throws {Error} ERR_INVALID_URL */
  url(text: string, base?: string): NativeUrl;
}

declare const native: Native;
