// Plans to choose from, and how people write what they cost.

import { call, callQuietly, isSignedIn } from "./api.js";
import { action, alertLine, el } from "./dom.js";
import { goOn, isLive, mine } from "./subscription.js";

const PERIODS = { month: "a month", year: "a year" };

export function date(text) {
  return new Date(text).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
}

/** The time of a day. */
export function clock(text) {
  return new Date(text).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

/** An amount as people write it; currencies have different numbers of digits. */
export function price({ amount, currency }) {
  const format = new Intl.NumberFormat("en-GB", { style: "currency", currency });
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}

/** What has no name of its own is told by its key. */
export const words = (name) => name.replaceAll("_", " ");

/** `RUB 299.00 a month`, of what has an amount and a period. */
export const cost = ({ amount, period }) => `${price(amount)} ${PERIODS[period] ?? `every ${words(period)}`}`;

/** What a plan brings. */
export const brings = ({ max_streams, max_height }) => `${max_streams === 1 ? "One film" : `${max_streams} films`} at a time, up to ${max_height}p`;

/** The plans that are offered; none where that is not known. */
export const offeredPlans = () => callQuietly("GET", "/v1/plans").then(({ items }) => items, () => []);

/** A plan's name in the reader's language; one that is not offered any more has only its key. */
export const nameOf = (key, plans) => plans.find(({ id }) => id === key)?.name ?? words(key);

export async function showPlans(show) {
  const [{ items }, answer] = await Promise.all([call("GET", "/v1/plans"), isSignedIn() ? mine() : null]);
  const has = isLive(answer) ? answer.subscription.running : null;
  const line = alertLine();
  const cards = items.map((plan) => {
    const lines = plan.prices.map((offer) => offerLine(offer, has, line));
    return el("li", { className: "plan" }, el("h2", { textContent: plan.name }),
      el("p", { className: "dim", textContent: brings(plan) }), ...lines);
  });
  const nothing = items.length === 0 ? el("p", { className: "dim", textContent: "Nothing is offered where you are." }) : null;
  show(el("h1", { textContent: "Plans" }), nothing, el("ul", { className: "grid" }, ...cards), line,
    has ? el("p", {}, "You have a plan: ", el("a", { href: "#/account", textContent: "change it on your account's page" }), ".") : null);
}

function offerLine(offer, has, line) {
  const text = cost(offer);
  const amount = el("strong", { textContent: text });
  const tax = offer.tax.amount > 0 ? el("span", { className: "dim", textContent: ` with ${price(offer.tax)} tax` }) : null;
  if (has) {
    const own = has.price_id === offer.id ? el("span", { className: "dim", textContent: " your plan" }) : null;
    return el("p", {}, amount, tax, own);
  }
  if (!isSignedIn()) {
    return el("p", {}, amount, tax, " ", el("a", { href: `#/sign-in?then=${encodeURIComponent("#/plans")}`, textContent: "Sign in to subscribe" }));
  }
  const trial = offer.trial_days > 0 ? el("p", { className: "dim", textContent: `The first plan of an account is free for ${offer.trial_days} days.` }) : null;
  const subscribe = action("Subscribe", line, async () => goOn(await call("POST", "/v1/subscriptions", { price_id: offer.id }, { once: true })), { ariaLabel: `Subscribe for ${text}` });
  return el("div", {}, el("p", {}, amount, tax), trial, subscribe);
}
