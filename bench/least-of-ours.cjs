'use strict';
/**
 * least.cjs with the libraries that we read flags and start commands with, and nothing else of ours.
 *
 *     least-of-ours run --lock LOCK -- COMMAND [ARG]...
 */
const { program } = require('commander');
const { execa } = require('execa');
const { lead } = require('./least.cjs');

program
  .command('run')
  .requiredOption('-l, --lock <name>')
  .argument('<command...>')
  .action(([file, ...args], { lock }) => {
    const how = { stdio: 'inherit', detached: true, reject: false, buffer: false, cleanup: false };
    void lead(lock, () => execa(file, args, how).nodeChildProcess);
  });
program.parse();
