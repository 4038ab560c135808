import { GetObjectCommand, ListObjectsV2Command, NoSuchKey, S3Client } from '@aws-sdk/client-s3';

/** A bucket of small objects that one test writes; each write has an ETag and a time of its own. */
export class MemoryS3 extends S3Client {
  /** The keys of what was read. */
  readonly read: string[] = [];
  /** The prefixes of what was listed. */
  readonly listed: string[] = [];
  /** How many are read now, and how many that were at most. */
  readonly reading = { now: 0, atMost: 0 };
  readonly #objects = new Map<string, { text: string; bytes: number; etag: string; at: Date }>();

  put(key: string, text: string, { bytes = text.length, etag = `"${text}"`, at = new Date(0) } = {}): void {
    this.#objects.set(key, { text, bytes, etag, at });
  }

  override send = (async (command: unknown): Promise<unknown> => {
    if (command instanceof GetObjectCommand) {
      const { Key = '' } = command.input;
      this.read.push(Key);
      this.reading.atMost = Math.max(this.reading.atMost, ++this.reading.now);
      await Promise.resolve();
      this.reading.now -= 1;
      const text = this.#objects.get(Key)?.text;
      if (text === undefined) throw new NoSuchKey({ message: Key, $metadata: {} });
      return { Body: { transformToString: async () => text } };
    }
    if (!(command instanceof ListObjectsV2Command)) throw new Error('not a call that this stands for');
    const { Prefix = '', StartAfter = '', Delimiter } = command.input;
    this.listed.push(Prefix);
    const found = [...this.#objects.keys()].filter((key) => key.startsWith(Prefix) && key > StartAfter).sort();
    const isDeeper = (key: string) => Delimiter !== undefined && key.slice(Prefix.length).includes(Delimiter);
    const [deeper, keys] = [found.filter(isDeeper), found.filter((key) => !isDeeper(key))];
    const folders = deeper.map((key) => key.slice(0, key.indexOf(Delimiter ?? '', Prefix.length) + 1));
    return {
      CommonPrefixes: [...new Set(folders)].map((folder) => ({ Prefix: folder })),
      Contents: keys.map((Key) => {
        const { bytes, etag, at } = this.#objects.get(Key)!;
        return { Key, Size: bytes, ETag: etag, LastModified: at };
      }),
    };
  }) as S3Client['send'];
}
