import { expectTypeOf, test } from 'vitest';
import type {
  CampaignEnd,
  CampaignOutcome,
  ElectionEvent,
  LockFault,
  Loss,
  Patience,
  ReleaseOutcome,
  RunEnd,
  StopReason,
  WriteResult,
} from '../../src/index.ts';

// The compiler checks it (`npm run types`).
test('whatever is one of several is told apart by its `kind`', () => {
  type Several =
    | (CampaignEnd | CampaignOutcome | ElectionEvent | LockFault | Loss)
    | (Patience | ReleaseOutcome | RunEnd | StopReason | WriteResult);
  expectTypeOf<Several>().toHaveProperty('kind').toExtend<string>();
});
