import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { productsFolder } from '../../model/catalogue.ts';

/** A copy of `products/` for each test of a file, to be changed at will. */
export function useProductsCopy() {
  const copy = {
    folder: '',
    /** Changes the contract of a product, `layer/entity`; an Error where nothing changes. */
    edit(product: string, change: (text: string) => string): void {
      const file = join(copy.folder, product, 'contract.yaml');
      const before = readFileSync(file, 'utf8');
      const after = change(before);
      if (after === before) throw new Error(`${file} stays as it is.`);
      writeFileSync(file, after);
    },
  };
  beforeEach(() => {
    copy.folder = mkdtempSync(join(tmpdir(), 'products-'));
    cpSync(productsFolder, copy.folder, { recursive: true });
  });
  afterEach(() => {
    rmSync(copy.folder, { recursive: true });
  });
  return copy;
}
