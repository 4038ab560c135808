import { beforeEach } from 'vitest';

/** A product of its own for each test of a file, so that none sees the others' items. */
export function ownProduct(prefix: string): { readonly key: string } {
  let tests = 0;
  beforeEach(() => {
    tests += 1;
  });
  return {
    get key() {
      return `${prefix}_${tests}`;
    },
  };
}
