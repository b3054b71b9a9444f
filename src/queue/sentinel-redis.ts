import { Redis, type RedisOptions } from 'ioredis';

/** An election takes seconds; nothing waits longer than this after it. */
const AGAIN_MS = 50;

/** The replies have the shapes of RESP 2, which is the default. */
type LegacyOptions = RedisOptions & { readonly replyMapping?: 'legacy' };

/**
 * A connection to the primary that Sentinels name.
 *
 * ioredis 6.0 ends such a connection for good when a Sentinel reports a failover while the connection looks for the
 * primary: its failover detector disconnects the connector, which is taken for a disconnect by the program. Here, only
 * `disconnect()` and `quit()` end it.
 */
export class SentinelRedis extends Redis {
  private isClosed = false;

  constructor(options: LegacyOptions) {
    super(options);
    this.on('end', () => setTimeout(() => this.open(), AGAIN_MS));
  }

  /** BullMQ duplicates its connection. The base type depends on options of replies that are not used here. */
  override duplicate(override: Partial<RedisOptions> = {}): never {
    return new SentinelRedis({ ...this.options, ...override } as LegacyOptions) as never;
  }

  override connect(...callback: Parameters<Redis['connect']>): Promise<void> {
    this.isClosed = false;
    return super.connect(...callback);
  }

  override disconnect(reconnect = false): void {
    if (!reconnect) this.isClosed = true;
    super.disconnect(reconnect);
  }

  override sendCommand(...sent: Parameters<Redis['sendCommand']>): unknown {
    if (sent[0].name === 'quit') this.isClosed = true;
    return super.sendCommand(...sent);
  }

  private open(): void {
    if (!this.isClosed && this.status === 'end') this.connect().catch(() => {}); // its error event tells the reason
  }
}
