import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { productsFolder } from '../../model/catalogue.ts';

/** A copy of `products/` for each test of a file, to be changed at will. */
export function useProductsCopy(): { readonly folder: string } {
  const copy = { folder: '' };
  beforeEach(() => {
    copy.folder = mkdtempSync(join(tmpdir(), 'products-'));
    cpSync(productsFolder, copy.folder, { recursive: true });
  });
  afterEach(() => {
    rmSync(copy.folder, { recursive: true });
  });
  return copy;
}
