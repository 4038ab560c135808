/** How much work the cases give, the same for both orchestrators. */
export interface Sizes {
  readonly chain: number;
  readonly fanOut: number;
  readonly waits: number;
  readonly waitSeconds: number;
  readonly backfillDays: number;
  readonly backfillTasks: number;
  readonly kill: number;
  readonly killSeconds: number;
}

export const caseNames = ['chain', 'fan-out', 'waits', 'backfill', 'kill-workers', 'kill-scheduler'] as const;
export type CaseName = (typeof caseNames)[number];

/** What is killed with `kill -9` in the middle of a case: what runs tasks, or what hands them out. */
export type Victim = 'workers' | 'scheduler';

export interface Case {
  readonly name: CaseName;
  readonly tasks: number;
  readonly victim?: Victim;
}

/** The queue of Tideline's workflows and tasks. */
export const taskQueue = 'bench';

/** Tasks that either orchestrator may run at once, and waits that either may hold. */
export const slots = { tasks: 32, waits: 1_000 } as const;

/** The sizes of a full comparison times `scale`, which shortens a trial; times stay as they are. */
export function sizesOf(scale: number): Sizes {
  const scaled = (full: number): number => Math.max(1, Math.round(full * scale));
  return {
    chain: scaled(200),
    fanOut: scaled(1_000),
    waits: scaled(1_000),
    waitSeconds: 30,
    backfillDays: scaled(30),
    backfillTasks: 5,
    kill: scaled(100),
    killSeconds: 5,
  };
}

export function casesOf(sizes: Sizes, names: readonly CaseName[]): Case[] {
  const all: readonly Case[] = [
    { name: 'chain', tasks: sizes.chain },
    { name: 'fan-out', tasks: sizes.fanOut },
    { name: 'waits', tasks: sizes.waits },
    { name: 'backfill', tasks: sizes.backfillDays * sizes.backfillTasks },
    { name: 'kill-workers', tasks: sizes.kill, victim: 'workers' },
    { name: 'kill-scheduler', tasks: sizes.kill, victim: 'scheduler' },
  ];
  return all.filter(({ name }) => names.includes(name));
}
