import { expect, it } from 'vitest';
import { rawLines } from '../../local/generator/raw-lines.ts';
import { StandInStream } from '../../local/generator/stand-in-stream.ts';
import { loadCatalogue, streamOf } from '../../model/catalogue.ts';

it('tells a trip again when an event of it comes while a file is written, or when that fails', async () => {
  const all = [...rawLines({ seed: 5, start: '2025-01-18', days: 1, tripsPerDay: 5 })].flatMap(({ outcome }) =>
    outcome.kind === 'published' ? [outcome.event] : [],
  );
  const paid = all.find(({ eventName }) => eventName === 'payment_processed');
  const others = all.filter((event) => event.tripId === paid?.tripId && event !== paid);
  const written: string[] = [];
  let fails = true;
  const standIn = new StandInStream(streamOf(loadCatalogue(), undefined), async (key) => {
    if (fails) {
      fails = false;
      throw new Error('no disk');
    }
    if (written.length === 0 && paid) standIn.add(paid);
    written.push(key);
  });
  for (const event of others) standIn.add(event);
  const at = new Date('2025-01-18T12:00:00Z');
  await expect(standIn.commit(at)).rejects.toThrow('no disk');
  expect([await standIn.commit(at), await standIn.commit(at), await standIn.commit(at)]).toEqual([1, 1, 0]);
  expect(written).toHaveLength(2);
});
