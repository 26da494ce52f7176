'use strict';
/*
 * node:os in the one-file executable. Bun counts the time since boot in whole seconds, rounded up, and deadlines are
 * made of it: the guard's would be up to a second late, and the machine would seem to sleep.
 */
const { readFileSync } = require('node:fs');
const os = require('node:os');

/** In seconds, as Node's, from where Node has it. Throws where there is none. */
function uptime() {
  const seconds = Number.parseFloat(readFileSync('/proc/uptime', 'latin1'));
  if (!(seconds > 0)) throw new Error('/proc/uptime says nothing');
  return seconds;
}

module.exports = { ...os, uptime };
