// `node --require strangers.cjs PROGRAM`: who connects to the program is a program of this machine, not a page in its browser.
//
// A page sends Origin or Sec-Fetch-Site or, when its name was pointed at this machine after it was loaded, that name in Host. A browser
// keeps one connection for one site, so the first request of a connection tells. The program reads sockets itself: there is no HTTP server to ask.

const { Server } = require('node:net');

const LONGEST_HEAD = 64 * 1024;
const OWN_HOST = /^host:[ \t]*((.+\.)?localhost|(.+\.)?localhost\.localstack\.cloud|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?[ \t]*$/im;
const PAGE = /^(origin|sec-fetch-site):/im;
const REFUSAL = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';
const TLS_HANDSHAKE = 0x16;

function watchFirstRequest(socket) {
  const { push } = socket;
  let head = Buffer.alloc(0);
  socket.push = function (chunk, ...rest) {
    if (chunk === null) return push.call(socket, chunk, ...rest);
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    const isTls = head[0] === TLS_HANDSHAKE;
    if (!isTls && end < 0 && head.length < LONGEST_HEAD) return true;
    const text = head.toString('latin1', 0, Math.max(end, 0)).replaceAll('\r', '');
    if (!isTls && (!OWN_HOST.test(text) || PAGE.test(text))) {
      socket.push = () => false;
      socket.end(REFUSAL, () => socket.destroy());
      return false;
    }
    socket.push = push;
    return push.call(socket, head, ...rest);
  };
}

const { emit } = Server.prototype;
Server.prototype.emit = function (event, ...rest) {
  if (event === 'connection') watchFirstRequest(rest[0]);
  return emit.call(this, event, ...rest);
};
