import { connect } from 'node:net';

/** Connections that stay open, and as many as are needed: sending costs the sender little, so that an answer's time is the server's. */
export function createSockets(port) {
  const free = [];
  const all = new Set();
  return {
    /** @returns {Promise<{status: number, ms: number, text: string}>} Status 0: the connection broke. */
    send: (bytes) => {
      const socket = free.pop() ?? openSocket(port, all);
      return exchange(socket, bytes).finally(() => {
        if (!socket.destroyed) free.push(socket);
      });
    },
    close: () => {
      for (const socket of all) socket.destroy();
    },
  };
}

function openSocket(port, all) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  all.add(socket);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => all.delete(socket));
  return socket;
}

function exchange(socket, bytes) {
  const sentMs = performance.now();
  return new Promise((resolve) => {
    let text = '';
    const end = (status) => {
      socket.off('data', take);
      socket.off('close', lost);
      resolve({ status, ms: performance.now() - sentMs, text: text.slice(text.indexOf('\r\n\r\n') + 4) });
    };
    const take = (chunk) => {
      text += chunk.toString('latin1');
      if (isWhole(text)) end(Number(text.slice(9, 12)));
    };
    const lost = () => end(0);
    socket.on('data', take);
    socket.on('close', lost);
    socket.write(bytes);
  });
}

function isWhole(text) {
  const headers = text.indexOf('\r\n\r\n');
  if (headers < 0) return false;
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, headers))?.[1];
  return length === undefined ? text.endsWith('\r\n0\r\n\r\n') : text.length >= headers + 4 + Number(length);
}
