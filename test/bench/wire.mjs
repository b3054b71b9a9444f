// A Redis as far away as one in the next data centre: each direction takes so many milliseconds longer.
import { connect, createServer } from 'node:net';
import { answerCalls } from './calls.mjs';

answerCalls({
  async listen({ redisPort, delayMs }) {
    const server = createServer({ noDelay: true }, (near) => {
      const far = connect({ port: redisPort, host: '127.0.0.1', noDelay: true });
      carry(near, far, delayMs);
      carry(far, near, delayMs);
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { port: server.address().port };
  },
});

function carry(from, to, delayMs) {
  from.on('data', (bytes) => setTimeout(() => to.write(bytes), delayMs));
  from.on('error', () => to.destroy());
  from.on('close', () => to.destroy());
}
