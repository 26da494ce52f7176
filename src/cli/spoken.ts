/** What we call ourselves in front of people: `kubectl leader` for those who started us by that. */

const verb = 'run|status|step-down|rbac|doctor|help|version|COMMAND|--help';
/** Not behind `--`: what runs in a pod is no plugin. */
const ours = new RegExp(`(?<!-- )\\bk8s-leader (?=(?:${verb})\\b|(?:--help))`, 'g');

/** A help or a hint, in the words of who started us as `calledAs`. */
export function spokenTo(calledAs: string | undefined, text: string): string {
  return calledAs === 'kubectl-leader' ? text.replaceAll(ours, 'kubectl leader ') : text;
}
