/** What a live demo has come to, beside what it must have come to. */
export interface LiveOutcome {
  /** Of the date, that readers had of the stream before the night. */
  readonly liveTrips: number;
  /** Trips that must differ and those that do, each with how. */
  readonly planted: ReadonlyMap<string, string>;
  readonly divergences: ReadonlyMap<string, string>;
  /** Of the date, by the stream. */
  readonly liveWindows: number;
  /** How many windows of surge the night's comparison calls otherwise, and which those are. */
  readonly windowsApart: number;
  readonly differingWindows: readonly string[];
  /** Of which the stream may miss an event. */
  readonly explainedWindows: ReadonlySet<string>;
}

const mostNamed = 3;

/** What of a live demo is not as it must be, a line each; none where all is. */
export function liveProblems({
  liveTrips,
  planted,
  divergences,
  liveWindows,
  windowsApart,
  differingWindows,
  explainedWindows,
}: LiveOutcome): string[] {
  const all = [...planted];
  const missed = all.filter(([trip]) => !divergences.has(trip)).map(([trip, how]) => `${trip} (${how})`);
  const otherwise = all.flatMap(([trip, how]) => {
    const found = divergences.get(trip);
    return found === undefined || found === how ? [] : [`${trip} (${how}, found: ${found})`];
  });
  const unplanted = [...divergences].filter(([trip]) => !planted.has(trip)).map(([trip, how]) => `${trip} (${how})`);
  const unexplained = differingWindows.filter((window) => !explainedWindows.has(window));
  return [
    ...(liveTrips === 0 ? ['No trip came live: readers had none of the stream before the night.'] : []),
    ...(planted.size === 0 ? ['No trip was planted that the night could find: play more of them.'] : []),
    ...named(missed, 'planted trips were not found'),
    ...named(otherwise, 'planted trips differ in another way than planted'),
    ...named(unplanted, 'trips differ that were not planted'),
    ...(liveWindows === 0 ? ['No window of surge came live.'] : []),
    ...(windowsApart === differingWindows.length
      ? []
      : [`compareStream calls ${windowsApart} windows of surge otherwise; ${differingWindows.length} are.`]),
    ...named(unexplained, 'windows of surge differ of which all events came in time'),
  ];
}

function named(items: readonly string[], what: string): string[] {
  if (items.length === 0) return [];
  const more = items.length > mostNamed ? ', …' : '';
  return [`${items.length} ${what}: ${items.slice(0, mostNamed).join(', ')}${more}`];
}
