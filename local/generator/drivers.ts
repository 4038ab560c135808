/** A driver from the end of a trip until the next one is his. */
export interface Idle {
  readonly driverId: string;
  readonly zoneId: string;
  readonly fromMs: number;
  /** Infinity until he has a next trip. */
  untilMs: number;
}

interface Driver {
  readonly id: string;
  freeAtMs: number;
  idle?: Idle;
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
  #idle: Idle[] = [];

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Who drives from one instant to another. With a zone it is kept that he waits there afterwards. */
  assign(fromMs: number, untilMs: number, zoneId?: string): string {
    const driver = this.#free(fromMs) ?? this.#hire();
    if (driver.idle) driver.idle.untilMs = fromMs;
    driver.freeAtMs = untilMs;
    if (zoneId !== undefined) {
      driver.idle = { driverId: driver.id, zoneId, fromMs: untilMs, untilMs: Infinity };
      this.#idle.push(driver.idle);
    }
    return driver.id;
  }

  /** Who is idle, or will be; the others are forgotten. */
  idle(isOver: (idle: Idle) => boolean): readonly Idle[] {
    this.#idle = this.#idle.filter((idle) => !isOver(idle));
    return this.#idle;
  }

  #free(fromMs: number): Driver | undefined {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const driver = this.#queue[this.#head];
      if (driver === undefined) return undefined;
      this.#head++;
      this.#queue.push(driver);
      if (driver.freeAtMs <= fromMs) {
        this.#compact();
        return driver;
      }
    }
    return undefined;
  }

  #hire(): Driver {
    this.#hired++;
    const hired = { id: `${this.#prefix}${String(this.#hired).padStart(5, '0')}`, freeAtMs: -Infinity };
    this.#queue.push(hired);
    return hired;
  }

  /** Drops the part of the queue already taken, once it is most of it: taking from the front stays cheap. */
  #compact(): void {
    if (this.#head > 1_024 && this.#head * 2 > this.#queue.length) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
