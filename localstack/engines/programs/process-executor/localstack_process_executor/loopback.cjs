// `node --require loopback.cjs PROGRAM`: whatever the program listens on is for this machine only.

const { Server } = require('node:net');

const listen = Server.prototype.listen;
Server.prototype.listen = function (first, ...rest) {
  if (typeof first === 'object' && first !== null) {
    const opensPort = first.port !== undefined;
    return listen.call(this, opensPort ? { ...first, host: '127.0.0.1' } : first, ...rest);
  }
  if (!/^\d+$/.test(String(first))) return listen.call(this, first, ...rest);
  const backlog = rest.find((argument) => typeof argument === 'number');
  const callback = rest.find((argument) => typeof argument === 'function');
  return listen.call(this, { port: Number(first), host: '127.0.0.1', backlog }, callback);
};
