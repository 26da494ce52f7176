/** Whether this machine can run the tests in pods: ends with 0, or says why not and ends with 1. */
import { describeUnfit, whyNot } from './machine.ts';

const reasons = await whyNot();
if (reasons.length > 0) {
  process.stderr.write(describeUnfit(reasons));
  process.exitCode = 1;
}
