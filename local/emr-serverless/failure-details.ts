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
    const { buffer, bytesRead } = await handle.read(
      Buffer.alloc(Math.min(size, TAIL_BYTES)),
      0,
      undefined,
      start,
    );
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
};

/** The line that says what went wrong: the last exception's own line, else the last line that is not a log. */
export const lastErrorLine = (stderr: string): string | undefined => {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !LOG_LINE.test(line));
  return lines.findLast((line) => EXCEPTION_LINE.test(line)) ?? lines.at(-1)?.trim();
};

/** What a failed run's stateDetails say. */
export const failureDetails = async (exit: DriverExit, stderrFile: string): Promise<string> => {
  const how = exit.signal === null ? `exit code ${String(exit.code)}` : `signal ${exit.signal}`;
  const line = lastErrorLine(await tailOf(stderrFile));
  return `Job failed, ${how}${line === undefined ? '' : `: ${line}`}`.slice(0, MAX_DETAILS);
};
