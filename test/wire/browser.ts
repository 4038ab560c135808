import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inflate } from '@sparticuz/chromium';
import { type Browser, chromium } from 'playwright-core';
import { vi } from 'vitest';
import { root } from '../tools.ts';

const packed = join(root, 'node_modules', '@sparticuz', 'chromium', 'bin');

/** A Chromium that is all the project's own: its libraries and its font too, whatever this machine has. Unpacked into `folder`. */
export async function startBrowser(folder: string): Promise<Browser> {
  // The package unpacks to where temporary files go.
  vi.stubEnv('TMPDIR', folder);
  const archives = ['chromium.br', 'al2023.tar.br', 'fonts.tar.br'];
  const [executablePath, libraries, fonts] = await Promise.all(archives.map((each) => inflate(join(packed, each))));
  vi.unstubAllEnvs();
  const fontsFile = join(folder, 'fonts.conf');
  await writeFile(fontsFile, `<fontconfig><dir>${fonts}</dir><cachedir>${folder}/font-cache</cachedir></fontconfig>`);
  return chromium.launch({
    executablePath: executablePath!,
    // Chromium refuses to run as root with its sandbox; it opens the project's own page alone.
    args: ['--no-sandbox'],
    env: { HOME: folder, TMPDIR: folder, LD_LIBRARY_PATH: join(libraries!, 'lib'), FONTCONFIG_FILE: fontsFile },
  });
}
