import * as destinations from './destinations.ts';
import * as failover from './failover.ts';
import * as input from './input.ts';
import * as order from './order.ts';
import * as processes from './processes.ts';
import * as redis from './redis.ts';
import type { Scenario } from './scenario.ts';
import { soak } from './soak.ts';
import * as strangers from './strangers.ts';
import * as upgrade from './upgrade.ts';

interface Described {
  /** F1 … F40; a letter where one row is tried in several ways. */
  readonly id: string;
  readonly fault: string;
  readonly how: string;
  /** Besides "nothing acknowledged is lost, nothing delivered twice", or what of it is allowed. */
  readonly pass: string;
}

export type Row = Described & ({ readonly run: Scenario } | { readonly whyNot: string });

const NO_EARLIER = { whyNot: 'needs the release before, built: `npm run faults -- --earlier <its checkout>`' };

/** Every fault, how it is made, and what must hold. A row without a scenario says why. */
export const MATRIX: readonly Row[] = [
  {
    id: 'F1',
    fault: 'receiver killed',
    how: 'kill -9 at random moments under load',
    pass: 'answers again within 3 s',
    run: processes.killBridge,
  },
  {
    id: 'F2',
    fault: 'killed at fixed points',
    how: 'the wire to Redis and the destination kill it: before and after the write, around the POST, before the job ends',
    pass: 'every point is reached',
    run: processes.killAtPoints,
  },
  {
    id: 'F3',
    fault: 'worker killed',
    how: 'kill -9 of one of two bridges, with deliveries in its hands',
    pass: 'all delivered within 35 s',
    run: processes.killWorker,
  },
  {
    id: 'F4',
    fault: 'rolling restart',
    how: 'SIGTERM of two replicas in turn',
    pass: 'a sender that tries again after a reset sees nothing but 2xx; drained within 10 s, exit code 0',
    run: processes.rollingRestart,
  },
  {
    id: 'F5a',
    fault: 'upgrade and back',
    how: 'two replicas, exchanged one after the other for those of the release before, there, back, and there again',
    pass: 'a sender that tries again sees nothing but 2xx',
    ...(upgrade.hasEarlier ? { run: upgrade.upgradeAndBack } : NO_EARLIER),
  },
  {
    id: 'F5b',
    fault: 'the same on Sentinel',
    how: '1+2+3; the release before is given the address of the primary',
    pass: 'as F5a',
    ...(upgrade.hasEarlier ? { run: upgrade.upgradeOnSentinel } : NO_EARLIER),
  },
  {
    id: 'F6a',
    fault: 'Redis down',
    how: 'kill -9 of redis-server, started again',
    pass: 'all acknowledged from the spool, answers within 2 s, ready within 5 s, one error line a second',
    run: redis.redisDown,
  },
  {
    id: 'F6b',
    fault: 'Redis late',
    how: 'not there when the bridge starts',
    pass: 'all acknowledged from the spool, ready within 5 s',
    run: redis.redisLate,
  },
  {
    id: 'F6c',
    fault: 'Redis down, no spool',
    how: 'as F6a, with a spool that takes nothing; the sender comes again',
    pass: '503 within 2 s, ready within 5 s',
    run: redis.redisDownWithoutSpool,
  },
  {
    id: 'F7a',
    fault: 'Redis hangs',
    how: 'the wire swallows everything',
    pass: 'all acknowledged within 2 s, at most 1,000 open requests, ready within 5 s',
    run: redis.redisHangs,
  },
  {
    id: 'F7b',
    fault: 'Redis cut off',
    how: 'connections reset at random, some after the command was sent',
    pass: 'all acknowledged within 2 s',
    run: redis.redisCut,
  },
  {
    id: 'F8a',
    fault: 'Redis restarts, everysec',
    how: 'kill -9 and start, appendfsync everysec',
    pass: 'at most one second lost',
    run: redis.redisRestartsEverysec,
  },
  {
    id: 'F8b',
    fault: 'Redis restarts, always',
    how: 'kill -9 and start, appendfsync always',
    pass: 'nothing lost',
    run: redis.redisRestartsAlways,
  },
  {
    id: 'F9',
    fault: 'Redis forgets',
    how: 'FLUSHALL, then an empty instance',
    pass: 'new events flow within 5 s, no hot loop, no flood of lines',
    run: redis.redisForgets,
  },
  {
    id: 'F10',
    fault: 'Redis full',
    how: 'maxmemory 1 MB, noeviction',
    pass: 'spool or 503 within 2 s, /readyz says why, ready within 5 s',
    run: redis.redisFull,
  },
  {
    id: 'F11',
    fault: 'Redis evicts',
    how: 'maxmemory-policy allkeys-lru',
    pass: 'it does not start, or warns on its output',
    run: redis.redisEvicts,
  },
  {
    id: 'F12',
    fault: 'failover',
    how: 'the primary dies, its replica takes over behind the same address',
    pass: 'lost at most what was not copied yet, ready within 5 s',
    run: redis.redisFailsOver,
  },
  {
    id: 'F13a',
    fault: 'Redis refuses',
    how: 'READONLY, NOSCRIPT, BUSY, LOADING',
    pass: 'all acknowledged within 2 s, no crash',
    run: redis.redisRefuses,
  },
  {
    id: 'F13b',
    fault: 'Redis refuses, at rest',
    how: 'READONLY, OOM and BUSY, without load but with deliveries that wait',
    pass: 'no hot loop: at most a quarter of a core, one error line a second',
    run: redis.redisRefusesAtRest,
  },
  {
    id: 'F14',
    fault: 'Redis slow',
    how: '100 ms, 1 s, 5 s latency; 5 % of packets lost',
    pass: 'p99 of the answers within 3 × latency + 50 ms, at most 2 s',
    run: redis.redisSlow,
  },
  {
    id: 'F15',
    fault: 'disk full',
    how: 'no file may grow beyond 64 KiB while Redis is away',
    pass: '503, /readyz says so, nothing torn is replayed',
    run: redis.diskFull,
  },
  {
    id: 'F16',
    fault: 'torn spool',
    how: 'kill -9 while it spools, one line damaged, one half written',
    pass: 'the rest is replayed, the two are reported; the damaged one is lost',
    run: redis.spoolTorn,
  },
  {
    id: 'F17',
    fault: 'Alert24 down',
    how: '503, then refused, then cut',
    pass: 'no dead letter, few requests meanwhile, all delivered within 5 min of its return',
    run: destinations.alert24Down,
  },
  {
    id: 'F18',
    fault: 'Alert24 lossy',
    how: 'every tenth 500 (half of them after the work), every tenth cut after the work',
    pass: 'one each',
    run: destinations.alert24Lossy,
  },
  {
    id: 'F19a',
    fault: 'ambiguous POST',
    how: 'a third of the answers of both destinations lost',
    pass: 'one each',
    run: destinations.ambiguousWithList,
  },
  {
    id: 'F19b',
    fault: 'ambiguous, no list',
    how: 'every fifth answer lost, and Alert24 lists nothing',
    pass: 'at most one more for each lost answer, and it is marked',
    run: destinations.ambiguousWithoutList,
  },
  {
    id: 'F20',
    fault: '429 storm',
    how: 'Retry-After in seconds, as a date, garbage, a year',
    pass: 'honoured, at most an hour, GitLab is notified on time',
    run: destinations.tooManyRequests,
  },
  {
    id: 'F21',
    fault: 'key expired',
    how: '401, then the old key again',
    pass: 'at most 3 attempts before the pause, resumed within 10 s, no dead letter',
    run: destinations.keyExpires,
  },
  {
    id: 'F22',
    fault: 'poison',
    how: 'one in a hundred answered 400 or 422',
    pass: 'dead letter after one request, the others within 1 s (p99)',
    run: destinations.poison,
  },
  {
    id: 'F23',
    fault: "GitLab's rules",
    how: 'unknown sha, no project, reporter, protected environment, same status',
    pass: 'one request each, and words that say what to do',
    run: destinations.gitlabRules,
  },
  {
    id: 'F24',
    fault: 'GitLab slow',
    how: '30 s for every answer',
    pass: "Alert24's p99 at most doubled",
    run: destinations.gitlabSlow,
  },
  {
    id: 'F25',
    fault: 'duplicates',
    how: '20 at once and 5 later, through two replicas, and by the job hook',
    pass: 'one record each',
    run: order.duplicates,
  },
  {
    id: 'F26',
    fault: 'reordering',
    how: 'every order with one duplicate, and a running that comes last',
    pass: 'the same final state',
    run: order.reordering,
  },
  {
    id: 'F27',
    fault: 'echo',
    how: 'GitLab sends a deployment hook for each of our writes',
    pass: 'none recorded, at most one hook a write',
    run: destinations.echo,
  },
  {
    id: 'F28',
    fault: 'burst',
    how: '500 a second; long: 1,000 a second for 30 s',
    pass: 'all 2xx, p99 within 250 ms, RSS within 300 MiB',
    run: redis.burst,
  },
  {
    id: 'F29',
    fault: 'hot deployment',
    how: '600 (long: 5,000) different webhooks of one deployment, 100 a second',
    pass: "the others' p99 at most twice that beside as many webhooks of different deployments",
    run: order.hotKey,
  },
  {
    id: 'F30',
    fault: 'slow-loris',
    how: '1,000 silent and 50 slow connections',
    pass: 'cut within 10 s, p99 of the answers at most doubled',
    run: input.slowLoris,
  },
  {
    id: 'F31',
    fault: 'clock jumps',
    how: '±1 h and ±1 d in the bridge, while deliveries are retried',
    pass: 'no dead letter',
    run: order.clockJumps,
  },
  {
    id: 'F32',
    fault: 'stands still',
    how: 'SIGSTOP of one of two bridges for 2 s and for longer than its leases, then SIGCONT',
    pass: 'one each',
    run: processes.standStill,
  },
  {
    id: 'F33',
    fault: 'little memory',
    how: 'a heap of 192 MiB and 6,000 (long: 100,000) that no destination takes',
    pass: 'RSS within 300 MiB',
    run: processes.smallMemory,
  },
  {
    id: 'F34',
    fault: 'few descriptors',
    how: 'ulimit -n 256 and 400 connections',
    pass: 'answers within 5 s after they are gone',
    run: processes.fewDescriptors,
  },
  {
    id: 'F35',
    fault: 'secret rotation',
    how: 'reload with both secrets, then without the old one',
    pass: 'none refused in the window',
    whyNot: 'without load: test/e2e/reload.test.ts',
  },
  {
    id: 'F36',
    fault: 'invalid reload',
    how: 'a broken configuration file',
    pass: 'the old one stays, and the error names the line',
    whyNot: 'without load: test/e2e/reload.test.ts',
  },
  {
    id: 'F37a',
    fault: 'strange texts',
    how: 'lone surrogates, NUL, right-to-left marks, escape codes, in webhooks that are right otherwise',
    pass: 'what is acknowledged is recorded and delivered',
    run: input.strangeTexts,
  },
  {
    id: 'F37b',
    fault: 'bad input',
    how: 'true webhooks with bytes changed, and nonsense on the socket, beside normal load',
    pass: 'no 5xx, no answer after more than 1 s, no exit',
    run: input.badInput,
  },
  {
    id: 'F38',
    fault: 'replay of dead letters',
    how: '10,000, cancelled half-way, run twice',
    pass: 'one record each',
    whyNot: 'without load: test/e2e/dead-letters.test.ts',
  },
  {
    id: 'F39',
    fault: 'DNS rebinding',
    how: 'a destination that resolves or redirects to 169.254.169.254',
    pass: 'blocked and counted',
    whyNot: 'without load: test/outbound/guard.test.ts, and test/input/destinations.test.ts for redirects',
  },
  {
    id: 'F40',
    fault: 'hook disabled for 2 h',
    how: "what GitLab's list shows and no hook told",
    pass: 'all found, one each',
    whyNot: 'without load: test/e2e/completion.test.ts',
  },
  {
    id: 'F41',
    fault: 'log cannot be written',
    how: 'standard output on a full disk, a pipe without a reader, a pipe that nobody reads',
    pass: 'all acknowledged, SIGTERM obeyed within 10 s, the lost lines counted',
    run: processes.logUnwritable,
  },
  {
    id: 'F42',
    fault: "the release before's data",
    how: 'what 0.1.0 left: delivered and undelivered deployments, dead letters, inbox, spool; then a newer format',
    pass: 'all of it is shown; a newer format is refused with a sentence, and nothing is changed',
    run: upgrade.fromFormat1,
  },
  {
    id: 'F43',
    fault: 'Sentinel failover',
    how: '1+2+3, replicated, 50 a second; the primary is killed and comes back as one',
    pass: 'all acknowledged, ready within 15 s',
    run: failover.sentinelFailsOver,
  },
  {
    id: 'F44',
    fault: 'Cluster failover',
    how: '3+3, replicated, 50 a second; the primary of our slot is killed and comes back',
    pass: 'all acknowledged, ready within 15 s of its return',
    run: failover.clusterFailsOver,
  },
  {
    id: 'F45',
    fault: 'unlike replicas',
    how: 'two on one Redis, one without the key of a sink',
    pass: "every sink's deliveries are made by who has the key; a warning names the difference",
    run: upgrade.unlikeReplicas,
  },
  {
    id: 'F46',
    fault: 'clock far ahead',
    how: '+401 days for 20 s, in the bridge; Redis keeps its own',
    pass: 'nothing is forgotten',
    run: upgrade.clockFarAhead,
  },
  {
    id: 'F47',
    fault: 'workers could not start',
    how: 'an ACL without INFO, given later',
    pass: 'they start by themselves, /readyz says why not until then',
    whyNot: 'without load: test/e2e/readiness.test.ts',
  },
  {
    id: 'F49a',
    fault: 'hostile connections',
    how: '80 strangers who come again when cut: endless bodies, plain, packed, in chunks of a byte; pipelines; silence',
    pass: 'RSS grows by less than 150 MiB; webhooks of the same address are acknowledged within 10 s, each sent once',
    run: strangers.hostileConnections,
  },
  {
    id: 'F49b',
    fault: 'refusals',
    how: '20,000 refused requests, each from an address of its own, and 40 unsigned connection tests of 1.5 MB among them',
    pass: 'Redis grows by less than 5 MiB, no authentic webhook leaves the inbox',
    run: strangers.refusals,
  },
  {
    id: 'F50',
    fault: 'readiness',
    how: 'Redis frozen and the spool full; the data disk full',
    pass: '/readyz is 503 while a webhook that comes now would not be kept',
    whyNot: 'without load: test/e2e/redis-away.test.ts; under load it is part of F15',
  },
  {
    id: 'S',
    fault: 'soak',
    how: 'faults at random beside one another, for a minute (long: 30 minutes)',
    pass: 'memory flat, nothing left over in Redis',
    run: soak,
  },
];

/** `F6` means every way of it, `F6a` that one. */
export const rowsNamed = (names: readonly string[]): readonly Row[] =>
  MATRIX.filter(({ id }) => names.some((name) => id === name || id.replace(/[a-z]$/, '') === name));

/** Seeds, so that each round has another disorder and each can be run again. */
export const seedOf = (row: Row, first: number, round: number): number =>
  first * 1_000_003 + MATRIX.indexOf(row) * 1_009 + round;
