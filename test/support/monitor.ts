import { connect } from 'node:net';

export interface MonitoredCommand {
  readonly command: readonly string[];
  readonly isFromScript: boolean;
}

/**
 * Every command that Redis gets from now on. A connection of its own: a client that is asked for MONITOR while others are
 * at work may take their commands for the answer.
 */
export async function startMonitor(path: string) {
  const seen: MonitoredCommand[] = [];
  const socket = connect(path);
  let rest = '';
  let onReady = () => {};
  const ready = new Promise<void>((resolve) => {
    onReady = resolve;
  });
  socket.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\r\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '+OK') onReady();
      else seen.push({ command: wordsOf(line), isFromScript: / lua\] /.test(line.slice(0, 60)) });
    }
  });
  socket.on('error', () => {}); // Redis ends before the test does
  socket.write('MONITOR\r\n');
  await ready;
  return { seen, stop: () => socket.destroy() };
}

/** `+1700000000.1 [0 127.0.0.1:1] "GET" "key"` */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = '']) => word.replace(/\\(["\\])/g, '$1'));
