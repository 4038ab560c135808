import { checkInput } from './inputs.ts';
import { calls } from './proxies.ts';

export interface ExplainIntervalInput {
  readonly product: string;
  /** An hour (`2025-01-18T03`) or a date (`2025-01-18`), UTC. */
  readonly interval: string;
}

/** One paragraph that says why an interval is missing, stale, running, failed or published, and what to do about it. */
export async function explainInterval(input: ExplainIntervalInput): Promise<string> {
  checkInput('explainInterval', input);
  return calls('scheduled').explainInterval(input);
}
