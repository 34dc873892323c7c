// A film by itself: what it costs, how it is rented or bought, and until when it can be watched.

import { call, callQuietly, isSignedIn } from "./api.js";
import { action, alertLine, el } from "./dom.js";
import { POLL_FOR_MS, POLL_MS } from "./payments.js";
import { date, price } from "./plans.js";

const KINDS = { rent: "Rent", buy: "Buy" };
const MOST_LOOKED_AT = 20;

/** How a single title stands that was paid for. */
const STATES = {
  rent: ({ status, valid_to, begin_by }) => {
    if (status === "refunded") return "rented, given back";
    if (status === "ended") return "rented, over";
    return begin_by ? `rented, to be begun until ${moment(begin_by)}` : `rented until ${moment(valid_to)}`;
  },
  buy: ({ status }) => (status === "refunded" ? "bought, given back" : "bought"),
};

const moment = (text) => new Date(text).toLocaleString("en-GB", { dateStyle: "long", timeStyle: "short" });

/** What this call answers, or nothing: the film's page is there without it. */
const orNothing = (answer) => answer.catch(() => null);

/**
 * What a film costs by itself, what the person has, and what they have begun to pay. `needs_payment` only where that is known: whoever is not
 * signed in, or whose plan is not told, may try.
 */
export async function standing(title) {
  const prices = orNothing(call("GET", `/v1/titles/${title.id}/prices`));
  if (!isSignedIn()) return { offers: (await prices)?.items ?? [], needs_payment: false };
  const [offered, held] = await Promise.all([prices, orNothing(call("GET", "/v1/users/me/entitlements"))]);
  const own = held?.titles.find(({ title_id }) => title_id === title.id);
  const needs_payment = held !== null && held.plan === null && !own;
  const begun = needs_payment ? await purchaseOf(title.id) : null;
  return { offers: offered?.items ?? [], own, needs_payment, begun };
}

/** What the person has begun to pay for the film, or has paid although playback has not heard of it yet. */
async function purchaseOf(id) {
  const purchases = await orNothing(callQuietly("GET", `/v1/purchases?limit=${MOST_LOOKED_AT}`));
  return purchases?.items.find(({ title_id, status }) => title_id === id && ["pending", "active"].includes(status)) ?? null;
}

/** Says what the person has, or offers it; `again` shows the page anew, with a sentence on what has come of it. */
export function sale(title, { offers, own, begun }, again) {
  if (own) {
    const text = own.kind === "buy" ? "You have bought this film." : `You have rented this film until ${moment(own.valid_to)}.`;
    return el("p", { role: "status", textContent: text });
  }
  const line = alertLine();
  const state = el("p", { role: "status" });
  const pay = async (kind) => {
    const answer = await call("POST", "/v1/purchases", { title_id: title.id, kind }, { once: true });
    if (answer.checkout_url) location.assign(answer.checkout_url);
    else await again();
  };
  if (begun) {
    state.textContent = "Your payment is under way. The film can be watched as soon as it has arrived.";
    watch(title.id, state, again);
  }
  // Whoever has left the provider's page gets the same one again.
  const unpaid = begun?.status === "pending" ? begun.kind : null;
  const goOn = unpaid ? action("Go on paying", line, () => pay(unpaid)) : null;
  if (offers.length === 0 && !goOn) return state;
  if (!isSignedIn()) {
    const costs = offers.map(({ kind, amount }) => `${KINDS[kind] ?? kind} for ${price(amount)}`).join(", ");
    return el("p", { className: "dim", textContent: `${costs}.` });
  }
  const button = (offer) => action(`${KINDS[offer.kind] ?? offer.kind} for ${price(offer.amount)}`, line, () => pay(offer.kind));
  const rent = offers.find(({ days_to_begin }) => days_to_begin);
  const terms = rent ? `A rental is begun within ${rent.days_to_begin} days, and can then be watched for ${rent.hours_to_watch} hours.` : "";
  return el("section", { ariaLabel: "Without a plan" }, state, el("div", { className: "buttons" }, goOn, ...offers.filter(({ kind }) => kind !== unpaid).map(button)),
    el("p", { className: "dim", textContent: terms }), line);
}

/** Looks again until the film can be watched, or nothing is under way any more. */
async function watch(id, state, again) {
  const until = Date.now() + POLL_FOR_MS;
  // The page may not be shown yet.
  await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  while (state.isConnected && Date.now() < until) {
    const [begun, held] = await Promise.all([purchaseOf(id), orNothing(callQuietly("GET", "/v1/users/me/entitlements"))]);
    if (!state.isConnected) return;
    if (held?.titles.some(({ title_id }) => title_id === id)) return void again();
    if (held && begun === null) return void again("Nothing was paid: the payment was cancelled or declined.");
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** The part of the account's page about films by themselves; nothing for whoever never paid for one. */
export async function purchasesSection() {
  const { items } = await call("GET", `/v1/purchases?limit=${MOST_LOOKED_AT}`);
  const rows = await Promise.all(items.filter(({ paid_at }) => paid_at).map(purchaseRow));
  return rows.length > 0 ? el("section", {}, el("h2", { textContent: "Rented and bought" }), el("ul", { className: "rows" }, ...rows)) : "";
}

async function purchaseRow(purchase) {
  const { title_id, kind, amount, paid_at } = purchase;
  // A film that was withdrawn, or that this profile may not see, is still something that was paid.
  const title = await orNothing(callQuietly("GET", `/v1/titles/${title_id}`));
  const name = title ? el("a", { href: `#/titles/${title_id}`, textContent: title.name }) : el("strong", { textContent: "A film that is not shown here" });
  const text = ` ${date(paid_at)}, ${price(amount)}, ${STATES[kind]?.(purchase) ?? kind}`;
  return el("li", {}, name, el("span", { className: "dim", textContent: text }));
}
