/**
 * How long a standby lets others go first when all of them have just seen the lock become free.
 *
 * Nobody knows how many they are, so nobody could choose a window to spread evenly over. But where the chance to go
 * doubles again and again up to the end of the window, a crowd of any size has its first few at some moment of the
 * window, and by the time their number has doubled a few times the first has won, and everybody else has seen it: with
 * a write that takes `k` doublings about 2^k of them meet a conflict, whether they are ten or a thousand. The price is
 * that one standby alone hesitates for most of the window. (Jamieson, Balakrishnan, Tay: Sift, a MAC protocol for
 * event-driven wireless sensor networks, 2003.)
 *
 * Most locks have one standby. So the window is short until somebody else has been quicker; a crowd pays for that once.
 */
const shortMs = 5;
const longMs = 12.5;
const doublings = 10;

/** `random` is uniform in [0, 1). `hasRivals`: somebody else was quicker before. */
export function hesitationMs(random: () => number, hasRivals: boolean): number {
  const windowMs = hasRivals ? longMs : shortMs;
  return Math.max(0, windowMs * (1 + Math.log2(1 - random()) / doublings));
}
