import { z } from 'zod';
import type { CopyCommand } from '../sql/copy.ts';
import type { ObjectStore } from './object-store.ts';

const manifestSchema = z.object({
  entries: z
    .array(
      z.object({
        url: z.string().regex(/^s3:\/\/[^/]+\/.+/, 'an s3:// URL'),
        mandatory: z.boolean().default(false),
        meta: z.object({ content_length: z.number().int().min(0) }),
      }),
    )
    .min(1),
});

/** The s3:// URLs of the files that a COPY loads, from its manifest or its key prefix. */
export async function sourceFiles(command: CopyCommand, objects: ObjectStore, signal: AbortSignal): Promise<string[]> {
  if (command.manifest) return manifestFiles(command.source, objects, signal);
  const found = await objects.list(command.source, signal);
  if (found.length === 0) throw new Error(`The specified S3 prefix '${command.source}' does not exist`);
  // Redshift leaves out the markers that writers put beside the data, such as _SUCCESS.
  return found.filter((object) => !isMarker(object.url) && object.sizeBytes > 0).map((object) => object.url);
}

function isMarker(url: string): boolean {
  const name = url.slice(url.lastIndexOf('/') + 1);
  return name === '' || name.startsWith('_') || name.startsWith('.');
}

async function manifestFiles(url: string, objects: ObjectStore, signal: AbortSignal): Promise<string[]> {
  if ((await objects.sizeOf(url, signal)) === undefined) {
    throw new Error(`Problem reading manifest file - the file ${url} does not exist`);
  }
  const manifest = parseManifest(url, await objects.readText(url, signal));
  const files: string[] = [];
  for (const entry of manifest.entries) {
    const sizeBytes = await objects.sizeOf(entry.url, signal);
    if (sizeBytes === undefined) {
      if (entry.mandatory) throw new Error(`Mandatory url is not present in manifest: ${entry.url} does not exist`);
      continue;
    }
    if (sizeBytes !== entry.meta.content_length) {
      const expected = `content_length ${entry.meta.content_length} of the manifest`;
      throw new Error(`${entry.url} has ${sizeBytes} bytes, not the ${expected} ${url}`);
    }
    files.push(entry.url);
  }
  return files;
}

function parseManifest(url: string, text: string): z.infer<typeof manifestSchema> {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new Error(`Problem reading manifest file - ${url} is not JSON`, { cause: error });
  }
  const parsed = manifestSchema.safeParse(content);
  if (!parsed.success) {
    throw new Error(`Problem reading manifest file - ${url}: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}
