import type { Paths } from '../ports.ts';

export const delimiter: Paths['delimiter'] = ':';

export const isAbsolute: Paths['isAbsolute'] = (path) => path.startsWith('/');

export const join: Paths['join'] = (...parts) => normal(parts.filter(Boolean).join('/')) || '.';

export const resolve: Paths['resolve'] = (...parts) => {
  const last = parts.findLastIndex(isAbsolute);
  const from = last < 0 ? [native.sync('cwd'), ...parts] : parts.slice(last);
  const path = normal(from.filter(Boolean).join('/'));
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
};

export const dirname: Paths['dirname'] = (path) => {
  const [, folder] = /^(.*[^/])\/+[^/]+\/*$/.exec(path) ?? [];
  return folder ?? (path.startsWith('/') ? '/' : '.');
};

export const basename: Paths['basename'] = (path) => /([^/]*)\/*$/.exec(path)?.[1] ?? '';

/** Without `.`, `..` and empty parts; a slash at the end stays. */
function normal(path: string): string {
  const start = path.startsWith('/') ? '/' : '';
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (start === '') parts.push(part);
  }
  const end = parts.length > 0 && path.endsWith('/') ? '/' : '';
  return start + parts.join('/') + end;
}
