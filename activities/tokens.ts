import { createHash } from 'node:crypto';

/** A client token as AWS takes it (at most 64 characters), the same for the same build, step and attempt. */
export const tokenHash = (step: string): string => createHash('sha256').update(step).digest('hex');
