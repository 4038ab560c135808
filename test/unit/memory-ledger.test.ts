import { describe } from 'vitest';
import { describeLedger } from '../behaviour/ledger.ts';
import { MemoryLedger } from '../workflow/memory-ledger.ts';

describe('the ledger of the tests', () => {
  describeLedger(() => new MemoryLedger());
});
