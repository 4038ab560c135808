const answerSeconds = 10;

/**
 * How a client of AWS waits for answers, which a service may hold back by so many seconds: a call without one is given up and
 * made again, a throttled one again and again within some seconds, fewer than an activity may take.
 */
export const patience = (heldBackSeconds = 0) => ({
  requestHandler: {
    connectionTimeout: 5_000,
    requestTimeout: (heldBackSeconds + answerSeconds) * 1000,
    throwOnRequestTimeout: true,
  },
  maxAttempts: 5,
});
