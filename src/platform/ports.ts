/**
 * What we need of whatever runs us, and nothing more: each interface has a file of its name in `node/`, the only place
 * that imports `node:*`. The rest of the program imports the file of that name beside this one.
 *
 * Errors of the system have its name for them in `code`, such as `ENOENT`. What comes from the language or the web,
 * timers, `URL` and `AbortController` for example, and `Buffer`, is global.
 */

/** `paths.ts` */
export interface Paths {
  /** Between the paths of a list. */
  readonly delimiter: string;
  readonly join: (...parts: string[]) => string;
  readonly resolve: (...parts: string[]) => string;
  readonly dirname: (path: string) => string;
  readonly basename: (path: string) => string;
  readonly isAbsolute: (path: string) => boolean;
}

/** `random.ts`: what nobody can guess. */
export interface Random {
  readonly randomHex: (bytes: number) => string;
  readonly randomUUID: () => string;
  /** Of 32 bits. */
  readonly randomNumber: () => number;
}

/** `digest.ts` */
export interface Digest {
  /** Hexadecimal. */
  readonly sha256: (text: string) => string;
}

/** `timers.ts`, beside those of the web. */
export interface Timers {
  /** Rejects when `signal` aborts. A `weak` one does not keep the process alive. */
  readonly pause: (ms: number, how?: { signal?: AbortSignal; weak?: boolean }) => Promise<void>;
}

/** `machine.ts` */
export interface Machine {
  readonly hostname: () => string;
  /** @throws {Error} where it is hidden */
  readonly uptimeMs: () => number;
  /** By their names, such as `SIGTERM`. */
  readonly signalNumbers: Readonly<Record<string, number>>;
  /** By their names, such as `ENOENT`. */
  readonly errorNumbers: Readonly<Record<string, number>>;
}

/** `self.ts`: this process. */
export interface Self {
  readonly ownPid: () => number;
  readonly parentPid: () => number;
  /** Undefined where there are none. */
  readonly effectiveUser: () => number | undefined;
  readonly processorMs: () => number;
  readonly memoryBytes: () => number;
  /** Since 1970. */
  readonly startedAtMs: () => number;
  readonly environment: () => Readonly<Record<string, string | undefined>>;
  /** Of Node, such as `24.21.0`. */
  readonly nodeVersion: () => string;
  /** Whether the runtime has let us open more files than our caller did. */
  readonly raisesFileLimit: () => boolean;
  /** Whether a thread works on something that may never end, and that an exit would wait for. */
  readonly haveThreadsWork: () => Promise<boolean>;
  /** Makes the command of this process: only throws. */
  readonly become: (
    file: string,
    argv: readonly string[],
    env: Readonly<Record<string, string | undefined>>,
  ) => never;
}

/** What a file is. */
export interface FileFacts {
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  readonly uid: number;
  readonly mode: number;
  readonly size: number;
}

/** How to open a file; by default to read it. */
export interface Opening {
  /** `append`: also to read, and it is made where there is none. `new`: it must not be there. Made for its owner alone. */
  readonly write?: 'append' | 'new';
  /** Not if it is a link. */
  readonly noFollow?: boolean;
  /** Not until the other end of a pipe is there. */
  readonly noWait?: boolean;
}

export interface OpenFile {
  facts(): Promise<FileFacts>;
  /** Up to so many bytes from the beginning. */
  start(most: number): Promise<Buffer>;
  /** All of it, or what is left. */
  text(): Promise<string>;
  write(text: string): Promise<void>;
  /** To the disk: with what the system knows about the file, or without. */
  sync(): Promise<void>;
  datasync(): Promise<void>;
  close(): Promise<void>;
}

/** `files.ts`: a file system may hang, so nobody waits for it but who has asked. */
export interface Files {
  readonly open: (path: string, how?: Opening) => Promise<OpenFile>;
  readonly stat: (path: string) => Promise<FileFacts>;
  /** Of a link itself. */
  readonly lstat: (path: string) => Promise<FileFacts>;
  readonly readdir: (path: string) => Promise<string[]>;
  readonly realpath: (path: string) => Promise<string>;
  /** Not its parents; for its owner alone. */
  readonly mkdir: (path: string) => Promise<void>;
  readonly rename: (from: string, to: string) => Promise<void>;
  readonly unlink: (path: string) => Promise<void>;
  /** A file or a folder with all that is in it, if it is there. */
  readonly remove: (path: string) => Promise<void>;
  readonly writeText: (path: string, text: string) => Promise<void>;
  readonly copyProgram: (from: string, to: string) => Promise<void>;
  /** `f_type` of statfs(2). */
  readonly fileSystemType: (path: string) => Promise<number>;
  /** Tells names in a folder that have come or gone, until it is closed. Does not keep the process alive. */
  readonly watchFolder: (
    path: string,
    onChange: (name: string) => void,
    onError: () => void,
  ) => { close(): void };
}

/** `files-now.ts`: of what is at hand, without waiting. All but `exists` throw. */
export interface FilesNow {
  readonly exists: (path: string) => boolean;
  readonly isFile: (path: string | Buffer) => boolean;
  /** Throws what the system has against it. */
  readonly demand: (path: string | Buffer, ...rights: readonly ('execute' | 'write')[]) => void;
  readonly readNow: (path: string) => Buffer;
  readonly startOf: (path: string, most: number) => Buffer;
  readonly listNow: (path: string) => string[];
  readonly targetOf: (link: string) => string;
}

/** `descriptors.ts` */
export interface Descriptors {
  readonly isTerminal: (fd: number) => boolean;
  /** How wide the terminal is now; undefined where that cannot be known. */
  readonly columnsOf: (fd: number) => number | undefined;
  /** Whether this process has one, redirected or not. */
  readonly hasControllingTerminal: () => boolean;
  /** `stream`: a pipe or a device. */
  readonly kindOf: (fd: number) => 'file' | 'stream' | 'other';
  /** The same file once more, at its end and such that it never blocks. @throws {Error} where that cannot be */
  readonly reopened: (fd: number) => number;
  /** @throws {Error} when not all of it is taken at once */
  readonly writeNow: (fd: number, text: string) => void;
  /** How much was written. */
  readonly writeSome: (fd: number, bytes: Buffer) => Promise<number>;
  readonly readSome: (fd: number, most: number) => Promise<Buffer>;
}

/** A connection to another process. An error closes it, and is not told. */
export interface Wire {
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  off(event: 'data', listener: (chunk: Buffer) => void): unknown;
  /** Reads no more. */
  pause(): unknown;
  write(data: string | Buffer): unknown;
  /** When what is written has been sent. */
  end(): unknown;
  destroy(): unknown;
  readonly destroyed: boolean;
}

/** How a process has ended, or why there is none. */
export interface Ended {
  readonly error?: string | undefined;
  readonly signal?: string | undefined;
  readonly code?: number | undefined;
}

export interface Running {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  readonly ended: Promise<Ended>;
  /** At once: from then on its number is free. */
  readonly onExit: (listener: () => void) => void;
}

/** `processes.ts` */
export interface Processes {
  /** Without an environment. Its descriptors 3 and 4 are wires to us, then come `descriptors`. */
  readonly startKeeper: (
    file: string,
    args: readonly string[],
    descriptors: readonly number[],
  ) => Running & { readonly wires: readonly Wire[] };
  /** With our descriptors 0 to 2; `apart`: in a session of its own. */
  readonly startCommand: (
    command: readonly [string, ...string[]],
    env: Readonly<Record<string, string | undefined>>,
    apart: boolean,
  ) => Running;
  /** To a process, or to a group where the number is negative; 0 only asks. @throws {Error} of the system */
  readonly kill: (target: number, signal: NodeJS.Signals | 0) => void;
}

export interface ProgramOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** After that it is killed. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** `programs.ts` */
export interface Programs {
  /**
   * What a program writes to its standard output; it reads nothing.
   * @throws {Error} with `code`, `stderr` and, if it was killed, `killed`
   */
  readonly outputOf: (
    command: string,
    args: readonly string[],
    options: ProgramOptions,
  ) => Promise<string>;
}

/** `listener.ts` */
export interface Listening {
  /** Of TCP. Neither it nor its wires keep the process alive. @throws {Error} of the system */
  readonly listen: (
    address: { readonly host: string; readonly port: number },
    onWire: (wire: Wire) => void,
  ) => Promise<Listener>;
}

export interface Listener {
  readonly host: string;
  readonly port: number;
  /** No more wires; those that are open stay. */
  close(): void;
}
