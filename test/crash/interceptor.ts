import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Bytes of the body after which the connection breaks; by default it doesn't. */
  readonly cutAfter?: number;
}

export interface Call {
  /** As AWS names it (`StartJobRun`, `TransactWriteItems`); for S3 the method and the path (`PUT /bucket/key`). */
  readonly operation: string;
  /** What follows the path: of S3 which of a method's operations it is. */
  readonly query: string;
  readonly body: string;
}

/** Decides about one call: gives it to the service or not, and gives its answer or another. Null: no answer comes. */
export type Disturbance = (forward: () => Promise<Answer>, call: Call) => Promise<Answer | null>;

interface Rule {
  readonly matches: (call: Call) => boolean;
  readonly disturbance: Disturbance;
  timesLeft: number;
}

const emrServerless: readonly (readonly [string, RegExp, string])[] = [
  ['POST', /^\/applications\/[^/]+\/jobruns$/, 'StartJobRun'],
  ['GET', /^\/applications\/[^/]+\/jobruns\/[^/]+$/, 'GetJobRun'],
  ['DELETE', /^\/applications\/[^/]+\/jobruns\/[^/]+$/, 'CancelJobRun'],
];

function operationOf({ method = '', url = '', headers }: IncomingMessage): string {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return target.split('.').at(-1) ?? target;
  const path = decodeURIComponent(url.split('?')[0] ?? '');
  return emrServerless.find(([verb, pattern]) => verb === method && pattern.test(path))?.[2] ?? `${method} ${path}`;
}

async function read(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Stands between a service and all who call it; calls that no rule matches pass unchanged. */
export class Interceptor {
  /** Where the service is; it may come back elsewhere. */
  target: URL;
  #rules: Rule[] = [];
  readonly #server = createServer((incoming, outgoing) => {
    this.#handle(incoming, outgoing).catch(() => outgoing.destroy());
  });

  constructor(target: string) {
    this.target = new URL(target);
  }

  /** The address at which callers reach it. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Disturbs the next calls that match. */
  on(matches: (call: Call) => boolean, disturbance: Disturbance, times: number): void {
    this.#rules.push({ matches, disturbance, timesLeft: times });
  }

  /** Shows each call that comes from now on, and lets it pass. */
  observe(see: (call: Call) => void): void {
    const matches = (call: Call): boolean => {
      see(call);
      return false;
    };
    this.on(matches, (forward) => forward(), Infinity);
  }

  /** Lets everything pass again. */
  clear(): void {
    this.#rules = [];
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await read(incoming);
    const [, query = ''] = incoming.url?.split('?') ?? [];
    const call = { operation: operationOf(incoming), query, body: body.toString('latin1') };
    const forward = (): Promise<Answer> => this.#forward(incoming, body);
    const rule = this.#rules.find((each) => each.timesLeft > 0 && each.matches(call));
    if (rule) rule.timesLeft -= 1;
    const answer = await (rule ? rule.disturbance(forward, call) : forward());
    if (!answer) {
      outgoing.destroy();
      return;
    }
    outgoing.writeHead(answer.status, answer.headers);
    if (answer.cutAfter === undefined) outgoing.end(answer.body);
    else outgoing.write(answer.body.subarray(0, answer.cutAfter), () => outgoing.destroy());
  }

  #forward(incoming: IncomingMessage, body: Buffer): Promise<Answer> {
    const { method, url, headers } = incoming;
    const { hostname, port } = this.target;
    return new Promise((resolve, reject) => {
      const outgoing = request({ hostname, port, method, path: url, headers, agent: false }, (answer) => {
        read(answer).then((content) => {
          const { 'transfer-encoding': _, ...kept } = answer.headers;
          // A HEAD answers with the length of a body that it does not send.
          const length = method === 'HEAD' ? {} : { 'content-length': String(content.length) };
          resolve({ status: answer.statusCode ?? 502, headers: { ...kept, ...length }, body: content });
        }, reject);
      });
      outgoing.once('error', reject);
      outgoing.end(body);
    });
  }
}
