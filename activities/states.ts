/** What a state of remote work means for the one who waits. */
export type Meaning = 'wait' | 'done' | 'failed' | 'cancelled';

/**
 * The meaning of a state by a service's own table. A state that is not documented yet waits: it is no reason to start the
 * work again. `known` lets the caller warn.
 */
export function meaningIn<State extends string>(
  meanings: Readonly<Record<State, Meaning>>,
  state: string | undefined,
): { meaning: Meaning; known: boolean } {
  const meaning = meanings[state as State] as Meaning | undefined;
  return { meaning: meaning ?? 'wait', known: meaning !== undefined };
}
