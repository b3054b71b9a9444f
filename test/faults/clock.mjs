// Loaded before the bridge (node --import). Each SIGWINCH, which nobody else listens for, makes its clock jump to the next of these offsets.
// `?offsets=…` names others, in milliseconds.
const HOUR_MS = 3_600_000;
const wanted = new URL(import.meta.url).searchParams.get('offsets');
const offsets = wanted
  ? wanted.split(',').map(Number)
  : [HOUR_MS, 0, -HOUR_MS, 0, 24 * HOUR_MS, -24 * HOUR_MS, 0, 25 * HOUR_MS];
const RealDate = Date;
let offsetMs = 0;

globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + offsetMs);
    else super(...args);
  }
  static now() {
    return RealDate.now() + offsetMs;
  }
};

process.on('SIGWINCH', () => {
  offsetMs = offsets.shift() ?? 0;
});
