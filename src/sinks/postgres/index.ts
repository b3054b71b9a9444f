import { z } from 'zod';
import type { State } from '../../domain/change-record.ts';
import { Name } from '../../values/settings.ts';
import { abortingAfter } from '../../values/within.ts';
import { Concurrency, type SharedOptions, States, TimeoutSeconds } from '../options.ts';
import type { Delivered, Sink } from '../sink.ts';
import { type DatabaseAddress, DatabaseUrl, shownAddress } from './address.ts';
import { checkTables } from './check.ts';
import { createDatabase, inTransaction, type Tls } from './database.ts';
import { isMissingTable, toFailure } from './failure.ts';
import { migrate } from './migrate.ts';
import { createPruning } from './pruning.ts';
import { toRow, withoutEmpty } from './row.ts';
import { quoted, upsert } from './statements.ts';

const Pem = z.string().regex(/-----BEGIN [A-Z0-9 ]+-----/, 'write the PEM text, as by ${file:/run/secrets/ca.pem}');
const Schema = z
  .string()
  .regex(/^[a-z_][a-z0-9_]{0,62}$/, 'use lower-case letters, digits and "_", at most 63, beginning with a letter');

/** A PostgreSQL database: one row a deployment, for as long as wanted. Without a URL it is off. */
export const postgres = z
  .strictObject({
    type: z.literal('postgres'),
    name: Name.default('postgres'),
    url: DatabaseUrl.optional(),
    /** The schema of the tables. It is created if it does not exist. */
    schema: Schema.default('shiplog'),
    tls: z.strictObject({ ca: Pem.optional(), cert: Pem.optional(), key: Pem.optional() }).optional(),
    states: States(),
    /** Rows that are older are deleted. Default: they stay for ever. */
    retention_days: z.number().int().min(1).max(36_500).optional(),
    concurrency: Concurrency(4, 20),
    timeout_seconds: TimeoutSeconds(),
  })
  .superRefine(({ url, tls }, context) => {
    const issue = (message: string) => context.addIssue({ code: 'custom', path: ['tls'], message });
    if ((tls?.cert === undefined) !== (tls?.key === undefined)) issue('cert and key go together');
    if (url?.sslMode === 'disable' && tls && Object.keys(tls).length > 0)
      issue('url says sslmode=disable: take one of them away');
  })
  .transform(({ url, ...config }): Sink | undefined =>
    url === undefined ? undefined : createSink({ ...config, url }),
  );

interface Config extends SharedOptions {
  readonly url: DatabaseAddress;
  readonly schema: string;
  readonly tls?: Tls | undefined;
  readonly states: readonly State[];
  readonly retention_days?: number | undefined;
}

function createSink(config: Config): Sink {
  const { name, url: address, states, concurrency } = config;
  const timeoutMs = config.timeout_seconds * 1000;
  const schema = quoted(config.schema);
  const secrets = [address.password, config.tls?.key].filter((secret) => secret !== undefined);
  const place = `${address.host}:${address.port}`;
  const use = createDatabase({ address, tls: config.tls, connections: concurrency, timeoutMs });
  const failed = (error: unknown, what: string) => toFailure(error, { what, place, timeoutMs, secrets });
  const pruning = createPruning({ schema, days: config.retention_days, use, failed });
  let hasTables = false;
  const write: Sink['deliver'] = async (deployment, _ledger, { signal, now, pageUrl }) =>
    abortingAfter(
      timeoutMs,
      (limited) =>
        use(limited, async (client): Promise<Delivered> => {
          if (!hasTables) await migrate(client, config.schema, timeoutMs);
          hasTables = true;
          const { text, values } = upsert(schema, toRow(deployment, { now, pageUrl }));
          const { rows } = await inTransaction(client, timeoutMs, () => client.query(text, [...values]));
          if (rows.length === 0) return { message: 'a later state of it is there already' };
          return { message: rows[0]?.is_new ? 'a new row' : 'its row is up to date' };
        }),
      signal,
    );
  return {
    type: 'postgres',
    productName: 'PostgreSQL',
    name,
    secrets,
    concurrency,
    ratePerMinute: undefined,
    takenBy: 'body',
    wants({ state }) {
      if (states.includes(state)) return { wanted: true };
      return { wanted: false, why: `${name} only accepts: ${states.join(', ')}; this one is ${state}` };
    },
    async deliver(deployment, ledger, context) {
      try {
        const delivered = await write(deployment, ledger, context);
        const pruned = await pruning.run(context);
        return { ...delivered, message: [delivered.message, pruned].filter(Boolean).join('; ') };
      } catch (error) {
        if (isMissingTable(error)) hasTables = false;
        throw failed(error, `${place}/${address.database} did not accept ${deployment.key}`);
      }
    },
    preview: (deployment, { pageUrl } = {}) => ({
      method: 'INSERT',
      url: `${shownAddress(address)}/${config.schema}.deployments`,
      headers: {},
      body: withoutEmpty(toRow(deployment, { now: new Date(deployment.receivedAt), pageUrl })),
      notes: ['sent_at is the time of the delivery. An earlier state of the deployment gives its row to a later one.'],
    }),
    async check(signal) {
      try {
        const sentence = abortingAfter(
          timeoutMs,
          (limited) => use(limited, (client) => checkTables(client, config.schema)),
          signal,
        );
        return `${place}/${address.database} takes the login; ${await sentence}`;
      } catch (error) {
        throw failed(error, `${place}/${address.database} does not let Shiplog write`);
      }
    },
  };
}
