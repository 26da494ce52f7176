import { closeSync, constants, openSync } from 'node:fs';

/**
 * Whether this process has a controlling terminal, redirected or not. On one, CMD must stay in the foreground
 * group or it could neither read the terminal nor get its Ctrl-C.
 */
export function hasControllingTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', constants.O_RDWR | constants.O_NOCTTY));
    return true;
  } catch {
    return false;
  }
}
