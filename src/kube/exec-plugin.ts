import { outputOf } from '../platform/programs.ts';
import { configError, type Env } from './cluster.ts';
import { isObject, objectsIn, parseJson, plainText, type JsonObject } from './json.ts';
import { errorCode } from './network-fault.ts';

/** What a plugin hands out: a bearer token, a client certificate with its key (PEM), or both. */
export interface Credential {
  readonly token?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** A `user.exec` entry and how to run it. */
interface ExecPluginOptions {
  readonly spec: JsonObject;
  readonly env: Env;
  /** After this long the plugin is killed. */
  readonly timeoutMs: number;
}

interface Issued extends Credential {
  /** By the wall clock, as the plugin means it. */
  readonly expiresAtMs: number;
}

/**
 * A credential plugin (client.authentication.k8s.io). The result asks it for credentials, again when those have
 * expired, and never twice at the same time; aborting `signal` kills a plugin that this call has started.
 * It throws {ExpectedError} 69, with nothing from the plugin's standard output, where the secrets are.
 */
export function execPlugin(
  options: ExecPluginOptions,
): (signal: AbortSignal) => Promise<Credential> {
  let running: Promise<Issued> | undefined;
  let latest: Issued | undefined;

  return async (signal) => {
    if (latest && Date.now() < latest.expiresAtMs) return latest;
    running ??= ask(options, signal).finally(() => (running = undefined));
    return (latest = await running);
  };
}

async function ask(options: ExecPluginOptions, signal: AbortSignal): Promise<Issued> {
  const { spec, timeoutMs } = options;
  const command = typeof spec['command'] === 'string' ? spec['command'] : '';
  const args = Array.isArray(spec['args']) ? spec['args'].map(plainText) : [];
  let issued: Issued | undefined;
  try {
    const how = { env: pluginEnv(options), timeoutMs, signal };
    issued = readIssued(await outputOf(command, args, how));
  } catch (error) {
    const { installHint } = spec;
    const hint = typeof installHint === 'string' ? installHint : undefined;
    throw configError(`the credential plugin "${command}" ${failure(error, timeoutMs)}`, hint);
  }
  if (issued) return issued;
  throw configError(`the credential plugin "${command}" gave neither a token nor a certificate`);
}

function pluginEnv({ spec, env }: ExecPluginOptions): Env {
  const { apiVersion } = spec;
  const info = { apiVersion, kind: 'ExecCredential', spec: { interactive: false } };
  const named = objectsIn(spec['env']).map(({ name, value }) => [
    plainText(name),
    plainText(value),
  ]);
  return {
    ...env,
    ...(Object.fromEntries(named) as Env),
    KUBERNETES_EXEC_INFO: JSON.stringify(info),
  };
}

function readIssued(stdout: string): Issued | undefined {
  const answer = parseJson(stdout);
  if (!isObject(answer) || !isObject(answer['status'])) return undefined;
  const { token, clientCertificateData, clientKeyData, expirationTimestamp } = answer['status'];
  const expiresAtMs = Date.parse(plainText(expirationTimestamp));
  const issued = {
    token: typeof token === 'string' ? token : undefined,
    cert: typeof clientCertificateData === 'string' ? clientCertificateData : undefined,
    key: typeof clientKeyData === 'string' ? clientKeyData : undefined,
    expiresAtMs: Number.isNaN(expiresAtMs) ? Infinity : expiresAtMs,
  };
  return issued.token || (issued.cert && issued.key) ? issued : undefined;
}

function failure(error: unknown, timeoutMs: number): string {
  if (errorCode(error) === 'ENOENT') return 'is not installed, or not in PATH';
  const { killed, stderr } = error as { killed?: boolean; stderr?: string };
  if (killed) return `was killed: it gave nothing within ${String(timeoutMs / 1_000)} s`;
  return `failed (${errorCode(error)}): ${stderr ?? ''}`;
}
