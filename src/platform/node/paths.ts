export { basename, delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
