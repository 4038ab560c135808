import type { Connection } from './connections.ts';

/** A connection that outlives its statements, with its temporary tables and settings. */
export interface Session {
  readonly id: string;
  readonly connection: Connection;
  readonly database: string;
  readonly clusterIdentifier?: string;
  readonly workgroupName?: string;
  keepAliveSeconds: number;
  busy: boolean;
}

/** The open sessions; each ends when it was idle for as long as its creator asked. */
export class Sessions {
  private readonly sessions = new Map<string, Session>();
  private readonly timers = new Map<string, NodeJS.Timeout>();

  find(id: string): Session | undefined {
    const session = this.sessions.get(id);
    return session?.connection.lost() === true ? undefined : session;
  }

  get count(): number {
    return this.sessions.size;
  }

  add(session: Session): void {
    this.sessions.set(session.id, session);
  }

  /** Starts the idle time of a session whose statement has ended. */
  async release(session: Session): Promise<void> {
    session.busy = false;
    clearTimeout(this.timers.get(session.id));
    if (session.keepAliveSeconds === 0 || session.connection.lost()) {
      await this.close(session);
      return;
    }
    const timer = setTimeout(() => {
      if (!session.busy) void this.close(session);
    }, session.keepAliveSeconds * 1000);
    timer.unref();
    this.timers.set(session.id, timer);
  }

  async closeAll(): Promise<void> {
    for (const session of [...this.sessions.values()]) await this.close(session);
  }

  private async close(session: Session): Promise<void> {
    clearTimeout(this.timers.get(session.id));
    this.timers.delete(session.id);
    this.sessions.delete(session.id);
    if (!session.connection.lost()) await session.connection.client.end();
  }
}
