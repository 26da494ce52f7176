/** What a listener throws is the listener's affair: no term may be lost, or kept, because of it. */
export function undisturbed<T>(listener: (what: T) => void): (what: T) => void {
  return (what) => {
    try {
      listener(what);
    } catch {
      // There is nobody here to tell.
    }
  };
}
