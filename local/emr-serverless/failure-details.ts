import { open } from 'node:fs/promises';
import type { DriverExit } from './execution.ts';

const TAIL_BYTES = 32 * 1024;
/** The model's limit of stateDetails. */
const MAX_DETAILS = 256;

const LOG_LINE = /^\d\d\/\d\d\/\d\d \d\d:\d\d:\d\d (TRACE|DEBUG|INFO|WARN|ERROR|FATAL) /;
const EXCEPTION_LINE = /^[A-Za-z_][\w.]*(Error|Exception|Exit|Interrupt|Failure)\b/;

const tailOf = async (file: string): Promise<string> => {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const start = Math.max(0, size - TAIL_BYTES);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(size, TAIL_BYTES)), 0, undefined, start);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
};

const proseOf = (text: string): string[] =>
  text.split('\n').filter((line) => line.trim() !== '' && !LOG_LINE.test(line));

/**
 * The line that says what went wrong: the last exception's own line in the first text that has one, else the
 * last line that is not a log's.
 */
export const lastErrorLine = (texts: readonly string[]): string | undefined => {
  const prose = texts.map(proseOf);
  const exceptions = prose.map((lines) => lines.findLast((line) => EXCEPTION_LINE.test(line)));
  const last = prose.map((lines) => lines.at(-1)?.trim());
  return [...exceptions, ...last].find((line) => line !== undefined);
};

/** What a failed run's stateDetails say, from its output: the likeliest place first. */
export const failureDetails = async (exit: DriverExit, files: readonly string[]): Promise<string> => {
  const how = exit.signal === null ? `exit code ${String(exit.code)}` : `signal ${exit.signal}`;
  const line = lastErrorLine(await Promise.all(files.map(tailOf)));
  return `Job failed, ${how}${line === undefined ? '' : `: ${line}`}`.slice(0, MAX_DETAILS);
};
