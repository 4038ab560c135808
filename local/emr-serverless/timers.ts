/** Longest delay that Node's timers take; a longer one would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Named timers that keep no process alive. Setting one again replaces it. */
export class Timers {
  readonly #timers = new Map<string, NodeJS.Timeout>();

  set(name: string, delayMs: number, action: () => void): void {
    this.cancel(name);
    const timer = setTimeout(
      () => {
        this.#timers.delete(name);
        action();
      },
      Math.min(delayMs, MAX_DELAY_MS),
    );
    timer.unref();
    this.#timers.set(name, timer);
  }

  cancel(name: string): void {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }

  clear(): void {
    for (const name of [...this.#timers.keys()]) this.cancel(name);
  }
}
