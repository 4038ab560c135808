import type { Disturbance } from './interceptor.ts';

/** The call never reaches the service. */
export const before =
  (happens: () => Promise<void>): Disturbance =>
  async () => {
    await happens();
    return null;
  };

/** The service does its work, and the answer never comes. */
export const answerLost =
  (happens: () => Promise<void>): Disturbance =>
  async (forward) => {
    await forward();
    await happens();
    return null;
  };

/** Something happens elsewhere while the call is on its way. */
export const meanwhile =
  (happens: () => Promise<void>): Disturbance =>
  async (forward) => {
    await happens();
    return forward();
  };
