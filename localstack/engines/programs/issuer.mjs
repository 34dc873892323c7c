// An OpenID Connect issuer with one client and two people, for the local platform and its tests: node issuer.mjs PORT [ISSUER [ADDRESS]].
// Keys and sessions are made anew at every start.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

import Provider, { interactionPolicy } from 'oidc-provider';

const [port, issuer = `http://127.0.0.1:${port}`, address = '127.0.0.1'] = process.argv.slice(2);

const PASSWORD = 'cinema';
const PEOPLE = {
  'vera@people.example': { sub: 'person-1', email: 'vera@people.example', email_verified: true },
  'ulf@people.example': { sub: 'person-2', email: 'ulf@people.example', email_verified: false },
};

// Whoever signs in agrees.
const policy = interactionPolicy.base();
policy.remove('consent');

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const kid = randomBytes(8).toString('hex');
const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'cinema',
      client_secret: 'secret-of-the-local-cinema',
      // Native: on this machine any port may be redirected to.
      application_type: 'native',
      redirect_uris: ['http://localhost/v1/auth/oauth/local/callback'],
    },
  ],
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' }] },
  cookies: { keys: [randomBytes(32).toString('hex')] },
  pkce: { required: () => true },
  claims: { openid: ['sub'], email: ['email', 'email_verified'] },
  // The address stands in the ID token, as Google has it.
  conformIdTokenClaims: false,
  features: { devInteractions: { enabled: false } },
  interactions: { policy, url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, id) => {
    const person = Object.values(PEOPLE).find(({ sub }) => sub === id);
    return person && { accountId: id, claims: () => person };
  },
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId,
      accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope('openid email');
    await grant.save();
    return grant;
  },
});
provider.on('server_error', (_, error) => console.error(error));

const page = (message) => `<!doctype html><meta charset="utf-8"><title>Local issuer</title>
<h1>Local issuer</h1><p>${message}</p>
<form method="post"><input name="login" value="vera@people.example"><input name="password" type="password" value="${PASSWORD}">
<button>Sign in</button> <button name="cancel" value="1">Cancel</button></form>`;

async function form(request) {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > 10_000) throw new Error('too long a form');
  }
  return new URLSearchParams(text);
}

async function interact(request, response) {
  const answer = (status, message) => {
    response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' }).end(page(message));
  };
  await provider.interactionDetails(request, response);
  if (request.method !== 'POST') return answer(200, `Sign in as ${Object.keys(PEOPLE).join(' or ')}.`);
  const fields = await form(request);
  if (fields.has('cancel')) {
    return provider.interactionFinished(request, response, { error: 'access_denied' });
  }
  const person = PEOPLE[fields.get('login')];
  if (!person || fields.get('password') !== PASSWORD) return answer(401, 'Nobody here has this password.');
  return provider.interactionFinished(request, response, { login: { accountId: person.sub } });
}

const callback = provider.callback();
createServer((request, response) => {
  if (!request.url.startsWith('/interaction/')) return callback(request, response);
  return interact(request, response).catch((error) => {
    response.writeHead(400, { 'content-type': 'text/plain' }).end(`${error.message}\n`);
  });
}).listen(Number(port), address);
