// Plans to choose from; on the account's page, what the person has, what it costs next, and what they have paid.

import { call, isSignedIn, Refused } from "./api.js";
import { action, alertLine, el } from "./dom.js";

/** How often a payment is looked at that is under way, and for how long: a bank answers within seconds, or another day. */
export const POLL_MS = 1500;
export const POLL_FOR_MS = 90_000;

const PERIODS = { month: "a month", year: "a year" };

/** How a subscription stands, for the person who has it; `when` is a date of it. */
const STATES = {
  pending: () => "It begins when the payment has arrived.",
  trialing: ({ period_to }) => `Free until ${date(period_to)}.`,
  active: ({ period_to }) => `Paid until ${date(period_to)}.`,
  past_due: ({ watchable_until }) => `The last payment was declined. You can watch until ${date(watchable_until)}; it is tried again before.`,
  suspended: () => "The payment was declined several times. Pay to go on watching.",
  paused: ({ next_payment_at }) => (next_payment_at ? `It rests until ${date(next_payment_at)}.` : "It rests."),
  ended: ({ period_to }) => `It ended on ${date(period_to)}.`,
};

const PAYMENTS = {
  pending: "under way",
  unknown: "being looked into",
  succeeded: "paid",
  failed: "declined",
  canceled: "cancelled, nothing was paid",
};

export function date(text) {
  return new Date(text).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
}

/** An amount as people write it; currencies have different numbers of digits. */
export function price({ amount, currency }) {
  const format = new Intl.NumberFormat("en-GB", { style: "currency", currency });
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}

const words = (name) => name.replaceAll("_", " ");

/** The caller's subscription with its payment; `null` for somebody who never had one. */
async function mine() {
  try {
    return await call("GET", "/v1/subscriptions/me");
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return null;
    throw error;
  }
}

const isLive = (answer) => answer !== null && !["pending", "ended"].includes(answer.subscription.status);

/** Goes to the provider's page if there is something to pay, else to the account. */
function goOn(answer) {
  if (answer.checkout_url) location.assign(answer.checkout_url);
  else location.hash = "#/account";
}

export async function showPlans(show) {
  const [{ items }, answer] = await Promise.all([call("GET", "/v1/plans"), isSignedIn() ? mine() : null]);
  const has = isLive(answer) ? answer.subscription.running : null;
  const line = alertLine();
  const cards = items.map((plan) => {
    const lines = plan.prices.map((offer) => offerLine(offer, has, line));
    return el("li", { className: "plan" }, el("h2", { textContent: plan.name }),
      el("p", { className: "dim", textContent: `${plan.max_streams === 1 ? "One film" : `${plan.max_streams} films`} at a time, up to ${plan.max_height}p` }), ...lines);
  });
  const nothing = items.length === 0 ? el("p", { className: "dim", textContent: "Nothing is offered where you are." }) : null;
  show(el("h1", { textContent: "Plans" }), nothing, el("ul", { className: "grid" }, ...cards), line,
    has ? el("p", {}, "You have a plan: ", el("a", { href: "#/account", textContent: "see your account" }), ".") : null);
}

function offerLine(offer, has, line) {
  const text = `${price(offer.amount)} ${PERIODS[offer.period] ?? `every ${words(offer.period)}`}`;
  const cost = el("strong", { textContent: text });
  const tax = offer.tax.amount > 0 ? el("span", { className: "dim", textContent: ` with ${price(offer.tax)} tax` }) : null;
  if (has) {
    const own = has.price_id === offer.id ? el("span", { className: "dim", textContent: " your plan" }) : null;
    return el("p", {}, cost, tax, own);
  }
  if (!isSignedIn()) {
    return el("p", {}, cost, tax, " ", el("a", { href: `#/sign-in?then=${encodeURIComponent("#/plans")}`, textContent: "Sign in to subscribe" }));
  }
  const trial = offer.trial_days > 0 ? el("p", { className: "dim", textContent: `The first plan of an account is free for ${offer.trial_days} days.` }) : null;
  const subscribe = action("Subscribe", line, async () => goOn(await call("POST", "/v1/subscriptions", { price_id: offer.id })), { ariaLabel: `Subscribe for ${text}` });
  return el("div", {}, el("p", {}, cost, tax), trial, subscribe);
}

/** The part of the account's page about plan and payments. */
export async function planSection() {
  const [answer, payments] = await Promise.all([mine(), call("GET", "/v1/payments?limit=10")]);
  const place = el("div");
  const list = el("ul", { className: "rows" }, ...payments.items.map(paymentRow));
  const refresh = async () => {
    const now = await mine();
    draw(place, now, refresh);
    const { items } = await call("GET", "/v1/payments?limit=10");
    list.replaceChildren(...items.map(paymentRow));
    return now;
  };
  draw(place, answer, refresh);
  return el("section", {}, el("h2", { textContent: "Plan" }), place, list);
}

const isUnderWay = (answer) => ["pending", "unknown"].includes(answer?.payment?.status);

function draw(place, answer, refresh) {
  if (answer === null) {
    return place.replaceChildren(el("p", {}, "You have no plan. ", el("a", { href: "#/plans", textContent: "See what there is" })));
  }
  const { subscription, payment } = answer;
  const { running, status, is_cancelled, next_payment_at, next_amount, pauses_for_months } = subscription;
  const line = alertLine();
  const facts = [STATES[status]?.(subscription) ?? words(status)];
  if (is_cancelled && status !== "ended") facts.push("It is cancelled and will not be charged again.");
  if (pauses_for_months) facts.push(`Then it rests for ${pauses_for_months} months.`);
  if (next_payment_at && next_amount && status !== "paused") facts.push(`Next payment: ${price(next_amount)} on ${date(next_payment_at)}.`);
  const buttons = [];
  const change = (text, path, body, properties) => buttons.push(action(text, line, async () => {
    const changed = await call("POST", path, body);
    if (changed.checkout_url) location.assign(changed.checkout_url);
    else await refresh();
  }, properties));
  if (payment?.checkout_url) buttons.push(el("a", { href: payment.checkout_url, textContent: `Pay ${price(payment.amount)}` }));
  else if (["past_due", "suspended", "paused"].includes(status)) change("Pay now", "/v1/subscriptions/me/resume");
  if (is_cancelled && status !== "ended") change("Keep the plan", "/v1/subscriptions/me/resume");
  else if (status !== "ended") change("Cancel the plan", "/v1/subscriptions/me/cancel", {}, { className: "plain" });
  if (status === "ended") buttons.push(el("a", { href: "#/plans", textContent: "Choose a plan" }));
  const state = el("p", { role: "status", textContent: facts.join(" ") });
  place.replaceChildren(el("p", {}, el("strong", { textContent: words(running.plan) }), ` ${price(running.amount)} ${PERIODS[running.period] ?? ""}`),
    state, el("div", { className: "buttons" }, ...buttons), line);
  if (isUnderWay(answer)) watch(state, refresh);
}

/** Looks again while a payment is under way: whoever comes back from the provider's page sees it arrive. */
async function watch(state, refresh) {
  const until = Date.now() + POLL_FOR_MS;
  // The page may not be shown yet.
  await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  while (state.isConnected && Date.now() < until) {
    const answer = await mine().catch(() => undefined);
    // Drawing anew begins a new watch if there still is something to wait for.
    const has_changed = answer !== undefined && !isUnderWay(answer);
    if (has_changed && state.isConnected) return void refresh().catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function paymentRow({ amount, refunded, status, created_at }) {
  const back = refunded.amount > 0 ? `, ${price(refunded)} given back` : "";
  return el("li", {}, el("strong", { textContent: price(amount) }), " ",
    el("span", { className: "dim", textContent: `${date(created_at)}, ${PAYMENTS[status] ?? words(status)}${back}` }));
}
