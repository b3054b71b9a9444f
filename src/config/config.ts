import { resolve } from 'node:path';
import { z } from 'zod';
import { Owners } from '../domain/owners.ts';
import { People } from '../domain/people.ts';
import { NameMap, type RoutingOptions, Rule, RulesMode, ruleName } from '../domain/rules/routing.ts';
import { AnySink } from '../sinks/index.ts';
import { withBoundaries } from '../sources/boundary.ts';
import { openingEnvelopes } from '../sources/envelope.ts';
import { AnySource } from '../sources/index.ts';
import { namingPlainly } from '../sources/plain-names.ts';
import { withProjects } from '../sources/projects.ts';
import { namingStrays } from '../sources/stray.ts';
import { namingUnfilled } from '../sources/unfilled.ts';
import { KILL_POINTS } from '../testing/kill-points.ts';
import { BaseUrl, MIN_SECRET_CHARS, Name, tooShort } from '../values/settings.ts';
import { Auth } from './auth.ts';
import { ConfigError } from './config-error.ts';
import { isExternal, RedisSettings, RedisUrl } from './redis.ts';
import { sharedTokens } from './shared-tokens.ts';

const PORT_ADVICE = 'write a port number from 0 to 65535';
const Port = z.coerce.number(PORT_ADVICE).int(PORT_ADVICE).min(0, PORT_ADVICE).max(65_535, PORT_ADVICE);

const Keep = (days: number, count: number) =>
  z
    .strictObject({
      days: z.coerce.number().positive().default(days),
      count: z.coerce.number().int().positive().default(count),
    })
    .prefault({});

const AToken = z.string().min(MIN_SECRET_CHARS, tooShort('a token'));
const NamedToken = z.strictObject({
  name: Name,
  token: AToken,
  may: z.enum(
    ['read', 'admin'],
    'write read or admin; a token that writes is a secret of a source that takes posted changes',
  ),
});

/** Also as one text: "receive,work". */
const Roles = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (Array.isArray(value) ? value : value.split(',')).map((role) => role.trim()).filter(Boolean))
  .pipe(
    z.array(z.enum(['receive', 'work'], 'write receive, work, or receive,work')).min(1, 'write receive, work, or both'),
  );

/** @throws ConfigError */
export function parseRoles(text: string): ('receive' | 'work')[] {
  const parsed = Roles.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new ConfigError([`--roles ${text}: write receive, work, or receive,work`]);
}

/** The whole file. Sources and sinks are built while it is parsed, so that a configuration that parses can run. */
export const Config = z
  .strictObject({
    host: z.string().default('127.0.0.1'),
    port: Port.default(8080),
    data_dir: z
      .string()
      .default('data')
      .transform((dir) => resolve(dir)),
    /** Absent: a private Redis in the data directory. */
    redis_url: RedisUrl.optional(),
    /**
     * `redis`: 2xx when Redis has it, which fsyncs every second. `fsync`: 2xx when it is on disk. `replicated`: 2xx
     * when a replica has it.
     */
    durability: z.enum(['redis', 'fsync', 'replicated']).default('redis'),
    redis: RedisSettings.prefault({}),
    /** `receive`: accepts webhooks, serves pages and API. `work`: records and delivers. */
    roles: Roles.default(['receive', 'work']),
    /** After SIGTERM /readyz says 503 for this long before the port closes: a load balancer needs time to notice. */
    shutdown_delay_seconds: z.coerce.number().min(0).max(300).default(0),
    log_level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    /** Opens everything: reading, replaying, dropping. */
    admin_token: z
      .string(`write a token of at least ${MIN_SECRET_CHARS} characters, or "generated"`)
      .min(MIN_SECRET_CHARS, tooShort('a token')),
    /** Opens the pages and the API for reading, and nothing else. Absent: there are no viewers. */
    viewer_token: AToken.optional(),
    /** Further tokens, each with a name for the log. Those that write are the secrets of a changes source. */
    tokens: z.array(NamedToken).default([]),
    /**
     * The name of the person that a proxy has authenticated: the log shows it beside the action. It gives no access by
     * itself. `oidc`: a provider with which people log in.
     */
    auth: Auth.optional(),
    /** /metrics, and the details of /readyz, require it. Absent: they are open. */
    metrics_token: AToken.optional(),
    /**
     * The address by which people and tools reach the bridge, with the path under which a proxy shows it:
     * https://tools.example.com/shiplog
     */
    public_url: BaseUrl.optional(),
    /** How many proxies are in front of the bridge: their X-Forwarded-For is believed. */
    trust_proxy: z.coerce.number('write how many proxies: 0, 1, …').int().min(0).default(0),
    /**
     * Unauthenticated requests a minute from one address: more are answered 429 and not written down. An authenticated
     * request is never held back, whatever else comes from its address.
     */
    rate_limit_per_minute: z.coerce.number().int().positive().default(300),
    /**
     * Bytes of all requests that are being received; what exceeds it is answered 503. A quarter is for unauthenticated
     * senders.
     */
    bodies_max_mib: z.coerce.number().min(16).default(160),
    /** Webhooks that come while Redis is away are kept on disk, up to this size. */
    spool_max_mib: z.coerce.number().positive().default(256),
    sources: z.array(AnySource, 'list the sources, each with a type').min(1, 'name at least one source'),
    sinks: z.array(AnySink).default([]),
    /** The tools' names of environments and services → ours, applied before the rules. */
    environments: NameMap.optional(),
    services: NameMap.optional(),
    /** The names of one person in the tools. */
    people: People.optional(),
    /** Whom to call, by service. */
    owners: Owners.default([]),
    rules: z.array(Rule).default([]),
    rules_mode: RulesMode.default('all'),
    join: z
      .strictObject({
        /** Which sources may report the same deployment. Default: all, but for tools that have several sources. */
        sources: z.array(z.array(z.string()).min(2, 'name two sources or more that belong together')).optional(),
        /**
         * How long the end of a deployment is held back when another signal is likely to report it as well. 0: not at
         * all.
         */
        settle_seconds: z.coerce.number().min(0).max(60).default(3),
      })
      .prefault({}),
    /** Asking the tools' APIs for deployments that were never reported. */
    reconcile: z
      .strictObject({
        every_minutes: z.coerce.number().min(1).max(1440).default(15),
        /** How far back one run looks at most. */
        max_days: z.coerce.number().positive().max(90).default(7),
      })
      .prefault({}),
    /** How long and how many deployments the change log keeps. */
    changes: Keep(400, 200_000),
    /** How long and how many alerts are kept. */
    alerts: Keep(400, 10_000),
    /** Assistants query the change log at /mcp, with a token that may read. */
    mcp: z.boolean('write true or false').default(true),
    /** For the fault tests alone: the point at which the process kills itself. */
    testing: z
      .strictObject({
        kill_at: z.templateLiteral([z.enum(KILL_POINTS), ':', z.enum(['before', 'after'])]),
        how: z.enum(['kill', 'hang']).default('kill'),
        pass: z.coerce.number().int().positive().default(1),
      })
      .optional(),
    /** How long, how many and how large the webhooks are that the inbox keeps. */
    inbox: z
      .strictObject({
        days: z.coerce.number().positive().default(7),
        count: z.coerce.number().int().positive().default(20_000),
        /** Of all webhooks together, as Redis stores them. */
        max_mib: z.coerce.number().int().positive().default(256),
      })
      .prefault({}),
  })
  .superRefine((config, context) => {
    const complain = (path: PropertyKey[], message: string) => context.addIssue({ code: 'custom', path, message });
    for (const { path, message } of sharedTokens(config)) complain(path, message);
    if (config.durability === 'replicated' && !isExternal(config))
      complain(
        ['durability'],
        'the private Redis has no replica; name another Redis with redis_url or redis, or write fsync',
      );
    for (const list of ['sources', 'sinks'] as const) {
      const names = config[list].map((item) => item?.name);
      names.forEach((name, index) => {
        if (name && names.indexOf(name) !== index)
          complain([list, index], `a second one named "${name}"; give it a name of its own`);
      });
    }
    if (config.auth?.oidc && config.public_url === undefined)
      complain(
        ['public_url'],
        'auth.oidc needs it: the provider sends people back to <public_url>/login/oidc/callback',
      );
    // The counts of matches are kept by the name of the rule.
    const ruleNames = config.rules.map(ruleName);
    ruleNames.forEach((name, index) => {
      const first = ruleNames.indexOf(name);
      if (first !== index)
        complain(['rules', index, 'name'], `rules[${first}] is called "${name}" too; give each a name of its own`);
    });
    const sourceNames = config.sources.map(({ name }): string => name);
    config.join.sources?.forEach((list, index) => {
      list.forEach((name, at) => {
        if (!sourceNames.includes(name)) complain(['join', 'sources', index, at], `there is no source named "${name}"`);
      });
    });
    const sinkNames = config.sinks.map((sink) => sink?.name);
    config.rules.forEach((rule, index) => {
      rule.sinks?.forEach((name, at) => {
        const configured = sinkNames.includes(name) || sinkNames.includes(undefined);
        if (!configured) complain(['rules', index, 'sinks', at], `there is no sink named "${name}"`);
      });
    });
  })
  .transform(({ sinks, environments, services, rules_mode: mode, ...config }) => ({
    ...config,
    sources: namingStrays(
      withBoundaries(config.sources.map(openingEnvelopes).map(namingPlainly).map(namingUnfilled).map(withProjects)),
    ),
    sinks: sinks.filter((sink) => sink !== undefined),
    routing: {
      mode,
      ...(environments && { environments }),
      ...(services && { services }),
      projects: new Map(config.sources.flatMap(({ name, projects }) => (projects ? [[name, projects]] : []))),
    } satisfies RoutingOptions,
  }));
export type Config = z.infer<typeof Config>;
