import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { delivery } from '../../model/stream.ts';
import { hourFolder, type Put } from '../generator/raw-parts.ts';
import type { Refusal } from './check-line.ts';

/** Puts what was refused beside raw events, never among them: lines of JSON with the line and its reason. */
export const keepRefused =
  (put: Put, now: () => number = Date.now) =>
  async (refused: readonly Refusal[]): Promise<void> => {
    const at = new Date(now()).toISOString();
    const lines = refused.map(({ line, reason }) => `${JSON.stringify({ refused_at: at, reason, line })}\n`);
    const folder = hourFolder(`${delivery.errorsFolder}/refused`, now());
    await put(`${folder}/refused-${randomUUID()}.json.gz`, gzipSync(lines.join('')));
  };
