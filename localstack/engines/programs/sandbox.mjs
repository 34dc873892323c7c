// A payment provider whose money is not real, and beside it what stands in for other people's services, for the local platform and its tests:
// node sandbox.mjs PORT FOLDER [ORIGIN [ADDRESS]].
//
// /v1/…      what `functions/payment/src/providers/sandbox.rs` calls, with the shop's key
// /pay/<id>  where a person pays or goes away; what the card's number decides stands on the page
// /tmdb/…    a provider of metadata, see tmdb.mjs
// /admin/…   the shop, and how deliveries and answers go wrong; for programs on this machine, never for a page
//
// All that happened is in FOLDER/journal.jsonl, one object a line, the last of an id counts: a stop or a crash loses nothing.

import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { appendFileSync, closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { createServer, request as call } from 'node:http';
import { join } from 'node:path';

import { tmdb } from './tmdb.mjs';

const [port, folder, origin = `http://127.0.0.1:${port}`, address = '127.0.0.1'] = process.argv.slice(2);
const HOSTS = new Set([new URL(origin).host, `127.0.0.1:${port}`, `localhost:${port}`, `sandbox.localhost:${port}`]);

const SECOND = 1000;
const DAY = 24 * 3600 * SECOND;
const LONGEST_BODY = 64 * 1024;
const LONGEST_CHECKOUT = 25 * 3600 * SECOND;
/** How long a request is held that is never answered: longer than any client waits. */
const SILENCE = 120 * SECOND;
/** After which times a notice that was not taken is sent again. */
const RETRIES = [5, 30, 120, 600, 3600, 6 * 3600, 12 * 3600].map((seconds) => seconds * SECOND);
/** Until a second notice comes that can overtake it, but no longer. */
const HELD = 5 * SECOND;

/** What a card's number decides, in the manner of Stripe's test cards. `later` is of charges while nobody is there. */
const CARDS = {
  4242424242424242: { brand: 'visa' },
  5555555555554444: { brand: 'mastercard' },
  2200000000000004: { brand: 'mir' },
  4000000000000002: { brand: 'visa', decline: 'generic_decline' },
  4000000000009995: { brand: 'visa', decline: 'insufficient_funds' },
  4000000000009987: { brand: 'visa', decline: 'lost_card' },
  4000000000000069: { brand: 'visa', decline: 'expired_card' },
  4000000000000119: { brand: 'visa', decline: 'processing_error' },
  4000000000000341: { brand: 'visa', later: 'insufficient_funds' },
  4000000000000259: { brand: 'visa', later: 'lost_card' },
};
const RETRIABLE = new Set(['generic_decline', 'insufficient_funds', 'processing_error']);

const DELIVERIES = ['normal', 'duplicate', 'late', 'out_of_order', 'lost'];
const ANSWERS = ['normal', 'timeout_after_success', 'error_after_success', 'unavailable'];
const REFUNDS = ['succeeded', 'pending', 'failed'];
const METADATA = ['normal', 'busy', 'unavailable'];

// --- what is kept

const KINDS = ['settings', 'checkouts', 'payments', 'refunds', 'methods', 'answers', 'events'];
const kept = Object.fromEntries(KINDS.map((kind) => [kind, new Map()]));
const journal = join(folder, 'journal.jsonl');

/** Ids of what time will change: payments and refunds that are pending, notices that are due. */
const waiting = { payments: new Set(), refunds: new Set(), events: new Set() };

function hold(kind, object) {
  kept[kind].set(object.id, object);
  const waits = kind === 'events' ? object.due !== undefined : object.status === 'pending';
  if (waits) waiting[kind]?.add(object.id);
  else waiting[kind]?.delete(object.id);
}

function keep(kind, object) {
  hold(kind, object);
  appendFileSync(journal, `${JSON.stringify([kind, object])}\n`, { mode: 0o600 });
  return object;
}

function restore() {
  const text = existsSync(journal) ? readFileSync(journal, 'utf8') : '';
  for (const line of text.split('\n')) {
    try {
      const [kind, object] = JSON.parse(line);
      hold(kind, object);
    } catch {
      // The line that was being written when the program was killed.
    }
  }
  forget();
  const fresh = `${journal}.new`;
  const file = openSync(fresh, 'w', 0o600);
  for (const kind of KINDS) {
    for (const object of kept[kind].values()) writeSync(file, `${JSON.stringify([kind, object])}\n`);
  }
  fsyncSync(file);
  closeSync(file);
  renameSync(fresh, journal);
}

/** Keys count for a day, and notices that are over need not be shown for longer. */
function forget() {
  const old = Date.now() - DAY;
  for (const kind of ['answers', 'events']) {
    for (const object of kept[kind].values()) {
      if (object.at < old && object.due === undefined) kept[kind].delete(object.id);
    }
  }
}

const id = (prefix) => `${prefix}_${randomBytes(12).toString('hex')}`;
const now = () => new Date().toISOString();
const setting = (name) => kept.settings.get(name) ?? {};
const mode = () => ({ deliveries: 'normal', answers: 'normal', refunds: 'succeeded', metadata: 'normal', late_seconds: 30, ...setting('mode') });

// --- answers

class Refusal extends Error {
  constructor(status, code, more = {}) {
    super(code);
    this.status = status;
    this.document = { error: { code, ...more } };
  }
}

const declined = (code) => new Refusal(402, code, { retriable: RETRIABLE.has(code) });
const wrong = (field) => new Refusal(422, 'invalid_request', { field });
const missing = () => new Refusal(404, 'not_found');

function text(body, field, longest = 255) {
  const value = body[field];
  if (typeof value !== 'string' || value === '' || value.length > longest) throw wrong(field);
  return value;
}

function money(body, field, least) {
  const { amount, currency } = body[field] ?? {};
  if (!Number.isSafeInteger(amount) || amount < least || !/^[A-Z]{3}$/.test(currency)) throw wrong(field);
  return { amount, currency };
}

function link(body, field) {
  const url = URL.parse(text(body, field, 2000));
  if (!['http:', 'https:'].includes(url?.protocol)) throw wrong(field);
  return url.href;
}

// --- what the shop asks for

function createCheckout(body) {
  const save_method = body.save_method === true;
  const expires = Date.parse(text(body, 'expires_at'));
  if (!(expires > Date.now() && expires < Date.now() + LONGEST_CHECKOUT)) throw wrong('expires_at');
  const payment = {
    id: id('sp'),
    reference: text(body, 'reference'),
    customer: text(body, 'customer'),
    amount: money(body, 'amount', save_method ? 0 : 1),
    refunded: 0,
    status: 'pending',
    decline: null,
    method: null,
    captured_at: null,
    at: now(),
  };
  const checkout = {
    id: id('sc'),
    payment: payment.id,
    description: text(body, 'description', 1000),
    save_method,
    return_url: link(body, 'return_url'),
    expires_at: new Date(expires).toISOString(),
    form: randomBytes(16).toString('hex'),
  };
  payment.checkout = checkout.id;
  keep('payments', payment);
  keep('checkouts', checkout);
  return [201, { id: checkout.id, url: `${origin}/pay/${checkout.id}` }];
}

function charge(body) {
  const amount = money(body, 'amount', 1);
  const method = kept.methods.get(text(body, 'method'));
  const reference = text(body, 'reference');
  text(body, 'description', 1000);
  const payment = { id: id('sp'), reference, customer: method?.customer, amount, refunded: 0, captured_at: null, at: now() };
  const code = !method || method.detached ? 'method_gone' : method.decline;
  if (code) {
    const decline = { code, retriable: RETRIABLE.has(code) };
    keep('payments', { ...payment, status: 'failed', decline, method: null });
    notify('payment.failed', payment.id, 'payments');
    throw declined(code);
  }
  keep('payments', { ...payment, status: 'succeeded', decline: null, method: shown(method), captured_at: now() });
  notify('payment.succeeded', payment.id, 'payments');
  return [201, seen(payment.id)];
}

function refund(body) {
  const payment = kept.payments.get(text(body, 'payment'));
  const amount = money(body, 'amount', 1);
  const reference = text(body, 'reference');
  if (payment?.status !== 'succeeded') throw wrong('payment');
  if (amount.currency !== payment.amount.currency) throw wrong('amount');
  if (amount.amount > payment.amount.amount - payment.refunded) throw new Refusal(422, 'more_than_was_paid');
  const { refunds, late_seconds } = mode();
  const made = { id: id('sr'), payment: payment.id, reference, amount, status: refunds, code: null, at: now() };
  if (refunds === 'failed') made.code = 'card_gone';
  if (refunds === 'pending') made.due = Date.now() + late_seconds * SECOND;
  if (refunds !== 'failed') keep('payments', { ...payment, refunded: payment.refunded + amount.amount });
  keep('refunds', made);
  notify(`refund.${refunds}`, made.id, 'refunds');
  return [201, made];
}

const shown = ({ id: token, brand, last4, expires }) => ({ token, brand, last4, expires });

/** A payment as the shop sees it. */
function seen(payment) {
  expire(payment);
  const { customer, at, ...rest } = kept.payments.get(payment) ?? {};
  if (!rest.id) throw missing();
  return rest;
}

function find(kind, name) {
  const object = kept[kind].get(name);
  if (!object) throw missing();
  return object;
}

function method(token) {
  const found = find('methods', token);
  if (found.detached) throw missing();
  return found;
}

function detach(token) {
  keep('methods', { ...method(token), detached: true });
  return [200, {}];
}

const all = (kind, matches) => ({ items: [...kept[kind].values()].filter(matches) });

function report(day) {
  if (!/^\d{4}-\d\d-\d\d$/.test(day ?? '')) throw wrong('day');
  const items = [];
  for (const { id, reference, amount, status, captured_at } of kept.payments.values()) {
    if (status === 'succeeded' && amount.amount > 0 && captured_at.startsWith(day)) {
      items.push({ kind: 'payment', id, reference, amount, at: captured_at });
    }
  }
  for (const { id, reference, amount, status, at } of kept.refunds.values()) {
    if (status === 'succeeded' && at.startsWith(day)) items.push({ kind: 'refund', id, reference, amount, at });
  }
  return { items };
}

/** Ends a checkout whose time is over. */
function expire(payment, is_over = false) {
  const object = kept.payments.get(payment);
  if (object?.status !== 'pending') return;
  const checkout = kept.checkouts.get(object.checkout);
  if (!is_over && Date.parse(checkout.expires_at) > Date.now()) return;
  keep('payments', { ...object, status: 'expired' });
  notify('checkout.expired', checkout.id, 'checkouts');
}

function sweep() {
  for (const payment of waiting.payments) expire(payment);
  for (const made of [...waiting.refunds].map((name) => kept.refunds.get(name))) {
    if (made.due > Date.now()) continue;
    keep('refunds', { ...made, status: 'succeeded', due: undefined });
    notify('refund.succeeded', made.id, 'refunds');
  }
}

/** A call of the shop. POSTs are carried out once for a key, whatever becomes of their answers. */
function shop({ method: verb, url, headers, body }) {
  const key = headers.authorization?.replace(/^Bearer /, '') ?? '';
  if (!same(key, setting('shop').key)) throw new Refusal(401, 'unauthorized');
  const [, , kind, name, rest] = url.pathname.split('/');
  const query = url.searchParams;
  const of = (field) => (object) => object[field] === query.get(field);
  if (verb === 'GET') {
    if (kind === 'payments' && name) return [200, seen(name)];
    if (kind === 'payments') {
      // The last one counts: one that was paid, should there be several.
      const items = all(kind, of('reference')).items.map(({ id }) => seen(id));
      return [200, { items: items.sort((one, other) => (one.status === 'succeeded') - (other.status === 'succeeded')) }];
    }
    if (kind === 'checkouts' && rest === 'payment') return [200, seen(find(kind, name).payment)];
    if (kind === 'refunds' && name) return [200, find(kind, name)];
    if (kind === 'refunds') return [200, all(kind, (made) => of('payment')(made) && of('reference')(made))];
    if (kind === 'methods' && name) return [200, shown(method(name))];
    if (kind === 'report') return [200, report(query.get('day'))];
  }
  if (verb === 'DELETE' && kind === 'methods' && name) return detach(name);
  if (verb === 'POST' && kind === 'checkouts' && rest === 'expire') {
    const { payment } = find(kind, name);
    expire(payment, true);
    return [200, seen(payment)];
  }
  const create = { checkouts: createCheckout, payments: charge, refunds: refund }[kind];
  if (verb === 'POST' && create && !name) return once(kind, headers['idempotency-key'], body, create);
  throw missing();
}

function once(kind, key, body, create) {
  if (!key || key.length > 255) throw wrong('Idempotency-Key');
  const name = `${kind} ${key}`;
  const digest = createHash('sha256').update(body).digest('hex');
  const before = kept.answers.get(name);
  if (before && before.digest !== digest) throw new Refusal(422, 'idempotency_key_reused');
  if (before) return [before.status, before.document];
  let answer;
  try {
    answer = create(parse(body));
  } catch (error) {
    // What is wrong with a request may be mended under the same key; a decline has happened.
    if (error.status !== 402) throw error;
    answer = [error.status, error.document];
  }
  keep('answers', { id: name, digest, status: answer[0], document: answer[1], at: Date.now() });
  return answer;
}

function parse(body) {
  try {
    const value = JSON.parse(body);
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value;
  } catch {
    // Refused below.
  }
  throw new Refusal(400, 'malformed_json');
}

function same(left, right) {
  const digest = (value) => createHash('sha256').update(value).digest();
  return typeof right === 'string' && right !== '' && timingSafeEqual(digest(left), digest(right));
}

// --- notices to the shop

/** Tells the shop that an object has changed. It is sent as it is now. */
function notify(type, object, kind) {
  const { form, customer, ...shownObject } = kept[kind].get(object);
  const { deliveries, late_seconds } = mode();
  const event = { id: id('evt'), type, created: now(), object: shownObject };
  const wait = { late: late_seconds * SECOND, out_of_order: HELD }[deliveries] ?? 0;
  const delivery = { id: event.id, event, mode: deliveries, attempts: [], at: Date.now(), due: Date.now() + wait };
  if (deliveries === 'lost') delete delivery.due;
  keep('events', delivery);
  if (deliveries === 'out_of_order') overtake();
  if (deliveries === 'duplicate') setTimeout(deliver, SECOND, event.id);
  setImmediate(deliverDue);
}

/** Of two notices that are held, the second goes first. */
function overtake() {
  const due = [...waiting.events].map((name) => kept.events.get(name));
  const held = due.filter((delivery) => delivery.mode === 'out_of_order' && delivery.attempts.length === 0);
  if (held.length < 2) return;
  held.reverse().forEach((delivery, place) => keep('events', { ...delivery, due: Date.now() + place * SECOND }));
}

const under_way = new Set();

function deliverDue() {
  for (const name of waiting.events) {
    if (kept.events.get(name).due <= Date.now() && !under_way.has(name)) deliver(name);
  }
}

function deliver(name) {
  const { webhook_url, webhook_secret } = setting('shop');
  if (!webhook_url) return;
  under_way.add(name);
  const body = JSON.stringify(kept.events.get(name).event);
  const time = Math.floor(Date.now() / SECOND);
  const tag = createHmac('sha256', webhook_secret).update(`${time}.${body}`).digest('hex');
  const headers = { 'content-type': 'application/json', 'sandbox-signature': `t=${time},v1=${tag}`, 'user-agent': 'cinema-sandbox' };
  const sent = call(webhook_url, { method: 'POST', headers, timeout: 30 * SECOND, agent: false }, (answer) => {
    answer.resume();
    attempted(name, answer.statusCode);
  });
  sent.on('timeout', () => sent.destroy(new Error('no answer in time')));
  sent.on('error', (error) => attempted(name, error.code ?? error.message));
  sent.end(body);
}

function attempted(name, result) {
  under_way.delete(name);
  const delivery = kept.events.get(name);
  if (!delivery) return;
  const attempts = [...delivery.attempts, { at: now(), result }];
  const is_taken = result >= 200 && result < 300;
  const wait = RETRIES[attempts.length - 1];
  if (!is_taken) console.error(`${now()} notice ${name} was not taken: ${result}`);
  keep('events', { ...delivery, attempts, due: is_taken || wait === undefined ? undefined : Date.now() + wait });
}

// --- the page

const escaped = (value) => String(value).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
const price = ({ amount, currency }) => `${Math.floor(amount / 100)}.${String(amount % 100).padStart(2, '0')} ${currency}`;

function page(checkout, payment, message = '') {
  const rows = Object.entries(CARDS).map(([number, { brand, decline, later }]) => {
    const effect = decline ?? (later ? `is saved, later ${later}` : 'pays');
    return `<tr><td><code>${number}</code><td>${brand}<td>${effect}`;
  });
  const title = payment.amount.amount > 0 ? `Pay ${price(payment.amount)}` : 'Save a card';
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sandbox: ${escaped(title)}</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 3rem auto; padding: 0 1rem; color: #1d1d1f; background: #fafafa }
form { display: grid; gap: .75rem; margin: 1.5rem 0 } label { display: grid; gap: .25rem }
input, button { font: inherit; padding: .6rem .75rem; border: 1px solid #8a8a8f; border-radius: .4rem }
button { cursor: pointer; background: #fff } button.main { background: #1a56db; border-color: #1a56db; color: #fff }
.message { color: #b00020 } table { font-size: .85rem; border-spacing: .75rem .1rem; margin-left: -.75rem } small { color: #55555a }
</style>
<p><small>Sandbox: no money is moved</small></p>
<h1>${escaped(title)}</h1><p>${escaped(checkout.description)}</p>
<p class="message" role="alert">${escaped(message)}</p>
<form method="post"><input type="hidden" name="form" value="${checkout.form}">
<label>Card number <input name="number" inputmode="numeric" autocomplete="off" value="4242424242424242" autofocus></label>
<label>Valid until <input name="expires" autocomplete="off" value="12/34" pattern="\\d\\d/\\d\\d"></label>
<button class="main" name="action" value="pay">${escaped(title)}</button>
<button name="action" value="cancel" formnovalidate>Cancel</button></form>
${checkout.save_method ? '<p><small>The card is saved for what is due later.</small></p>' : ''}
<details><summary>Cards</summary><table>${rows.join('')}</table></details></html>`;
}

function checkoutPage({ method: verb, url, headers, body }) {
  const checkout = find('checkouts', url.pathname.split('/')[2]);
  expire(checkout.payment);
  const payment = kept.payments.get(checkout.payment);
  // Whoever comes too late, or again, is sent back: the shop knows what has become of it.
  if (payment.status !== 'pending') return { status: 303, location: checkout.return_url };
  if (verb === 'GET') return { status: 200, html: page(checkout, payment), checkout };
  if (verb !== 'POST') throw new Refusal(405, 'method_not_allowed');
  if (isElsewhere(headers)) throw new Refusal(403, 'another_page');
  const fields = new URLSearchParams(body);
  if (!same(fields.get('form') ?? '', checkout.form)) throw new Refusal(403, 'another_page');
  if (fields.get('action') === 'cancel') {
    expire(checkout.payment, true);
    return { status: 303, location: checkout.return_url };
  }
  const again = (message) => ({ status: 402, html: page(checkout, payment, message), checkout });
  const number = (fields.get('number') ?? '').replaceAll(/[\s-]/g, '');
  const card = Object.hasOwn(CARDS, number) ? CARDS[number] : undefined;
  const [, month, year] = /^(\d\d)\/(\d\d)$/.exec(fields.get('expires') ?? '') ?? [];
  if (!card) return again('The card was declined: incorrect_number');
  if (!(month >= 1 && month <= 12)) return again('This is no month and year.');
  if (card.decline) {
    notify('payment.declined', payment.id, 'payments');
    return again(`The card was declined: ${card.decline}`);
  }
  const saved = checkout.save_method && keep('methods', {
    id: id('sm'),
    customer: payment.customer,
    brand: card.brand,
    last4: number.slice(-4),
    expires: { year: 2000 + Number(year), month: Number(month) },
    decline: card.later ?? null,
  });
  keep('payments', { ...payment, status: 'succeeded', method: saved ? shown(saved) : null, captured_at: now() });
  notify('payment.succeeded', payment.id, 'payments');
  return { status: 303, location: checkout.return_url };
}

/** Whether a page of another site sends this. Programs name no site at all. */
function isElsewhere(headers) {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  return headers.origin !== undefined && !HOSTS.has(URL.parse(headers.origin)?.host);
}

// --- for tests and the platform

function admin({ method: verb, url, headers, body }) {
  if (isElsewhere(headers) || headers.origin !== undefined) throw new Refusal(403, 'another_page');
  const [, , kind, name] = url.pathname.split('/');
  const route = `${verb} ${kind}`;
  if (route === 'GET mode') return [200, mode()];
  if (route === 'GET events') return [200, all('events', () => true)];
  if (route === 'GET payments') return [200, all('payments', () => true)];
  // No page elsewhere may send this type without asking first.
  if (headers['content-type'] !== 'application/json') throw new Refusal(415, 'unsupported_media_type');
  const wanted = parse(body);
  if (route === 'PUT shop') {
    const shop = { id: 'shop', key: text(wanted, 'key'), webhook_secret: text(wanted, 'webhook_secret'), webhook_url: link(wanted, 'webhook_url') };
    if (shop.key.length < 16) throw wrong('key');
    if (shop.webhook_secret.length < 16) throw wrong('webhook_secret');
    if (Object.entries(shop).some(([field, value]) => setting('shop')[field] !== value)) keep('settings', shop);
    deliverDue();
    return [200, {}];
  }
  if (route === 'PUT mode') {
    const words = { deliveries: DELIVERIES, answers: ANSWERS, refunds: REFUNDS, metadata: METADATA };
    for (const [field, value] of Object.entries(wanted)) {
      const is_known = field === 'late_seconds' ? value >= 0 && value <= 3600 : words[field]?.includes(value);
      if (!is_known) throw wrong(field);
    }
    keep('settings', { id: 'mode', ...wanted });
    return [200, mode()];
  }
  if (route === 'PUT methods') {
    if (wanted.decline !== null) text(wanted, 'decline');
    return [200, shown(keep('methods', { ...method(name), decline: wanted.decline }))];
  }
  if (route === 'POST events') {
    keep('events', { ...find('events', name), due: Date.now() });
    deliverDue();
    return [202, {}];
  }
  throw missing();
}

// --- HTTP

async function read(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > LONGEST_BODY) throw new Refusal(413, 'body_too_large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function write(response, status, document, headers = {}) {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers }).end(JSON.stringify(document));
}

function show(response, { status, location, html, checkout }) {
  if (location) return response.writeHead(status, { location, 'cache-control': 'no-store' }).end();
  const back = new URL(checkout.return_url).origin;
  return response
    .writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': `default-src 'none'; style-src 'unsafe-inline'; form-action 'self' ${back}; frame-ancestors 'none'; base-uri 'none'`,
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
    })
    .end(html);
}

async function handle(request, response) {
  // A name that was pointed at this machine is not ours.
  if (!HOSTS.has(request.headers.host)) throw new Refusal(421, 'misdirected_request');
  const url = URL.parse(request.url, origin);
  if (!url) throw new Refusal(400, 'invalid_address');
  const asked = { method: request.method, url, headers: request.headers, body: await read(request) };
  const [, area] = url.pathname.split('/');
  if (area === 'health') return write(response, 200, { status: 'ok' });
  if (area === 'pay') return show(response, checkoutPage(asked));
  if (area === 'admin') return write(response, ...admin(asked));
  if (area === 'tmdb') {
    const { status, headers, document } = tmdb(asked, mode().metadata);
    return write(response, status, document, headers);
  }
  if (area !== 'v1') throw missing();
  const answers = asked.method === 'GET' ? 'normal' : mode().answers;
  if (answers === 'unavailable') throw new Refusal(503, 'unavailable');
  const answer = shop(asked);
  if (answers === 'error_after_success') throw new Refusal(500, 'internal_error');
  if (answers === 'timeout_after_success') return setTimeout(() => response.destroy(), SILENCE).unref();
  return write(response, ...answer);
}

restore();
setInterval(sweep, SECOND).unref();
setInterval(deliverDue, SECOND).unref();
setInterval(forget, 3600 * SECOND).unref();
createServer((request, response) => {
  handle(request, response).catch((error) => {
    if (response.headersSent) return response.destroy();
    if (error instanceof Refusal) return write(response, error.status, error.document);
    console.error(error);
    return write(response, 500, { error: { code: 'internal_error' } });
  });
}).listen(Number(port), address);
