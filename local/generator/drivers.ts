interface Driver {
  readonly id: string;
  freeAtMs: number;
}

const ATTEMPTS = 3;

/**
 * The drivers of one city. Whoever has been idle longest gets the next trip, so drivers come back trip after trip
 * but never drive two at once; a busy city takes on new ones.
 */
export class DriverPool {
  readonly #prefix: string;
  readonly #queue: Driver[] = [];
  #head = 0;
  #hired = 0;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  assign(fromMs: number, untilMs: number): string {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const driver = this.#queue[this.#head];
      if (driver === undefined) break;
      this.#head++;
      this.#queue.push(driver);
      if (driver.freeAtMs <= fromMs) {
        driver.freeAtMs = untilMs;
        this.#compact();
        return driver.id;
      }
    }
    this.#hired++;
    const hired = { id: `${this.#prefix}${String(this.#hired).padStart(5, '0')}`, freeAtMs: untilMs };
    this.#queue.push(hired);
    return hired.id;
  }

  /** Drops the part of the queue already taken, once it is most of it: taking from the front stays cheap. */
  #compact(): void {
    if (this.#head > 1_024 && this.#head * 2 > this.#queue.length) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
