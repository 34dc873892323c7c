// On the account's page: what plan the person has, what it costs next, how it is changed, and what they have paid.

import { call } from "./api.js";
import { action, alertLine, el } from "./dom.js";
import { isUnderWay, paymentRows, POLL_FOR_MS, POLL_MS } from "./payments.js";
import { changeButtons } from "./plan_change.js";
import { clock, cost, date, nameOf, offeredPlans, price, words } from "./plans.js";
import { look, mine } from "./subscription.js";

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

/** The part of the account's page about plan and payments; `paid()` hears when something may have been paid. */
export async function planSection(paid) {
  const [answer, plans, rows] = await Promise.all([mine(), offeredPlans(), paymentRows()]);
  const place = el("div");
  const list = el("ul", { className: "rows" }, ...rows);
  const refresh = async (news) => {
    await draw(place, await look(), plans, refresh, news);
    const [rows] = await Promise.all([paymentRows(), paid()]);
    list.replaceChildren(...rows);
  };
  await draw(place, answer, plans, refresh);
  return el("section", { ariaLabel: "Plan" }, el("h2", { textContent: "Plan" }), place, list);
}

/** During a trial nothing can be charged at its end unless there is a way to pay. */
async function canPayAhead({ status, is_cancelled, next }) {
  if (status !== "trialing" || is_cancelled || next) return false;
  return (await call("GET", "/v1/payment-methods")).items.length === 0;
}

/** `news`: a sentence on what was done, or nothing to say of it; without, nobody has done anything. */
async function draw(place, answer, plans, refresh, news) {
  if (answer === null) {
    return place.replaceChildren(el("p", {}, "You have no plan. ", el("a", { href: "#/plans", textContent: "See what there is" })));
  }
  const { subscription, payment } = answer;
  const { running, next, status, is_cancelled, period_to, next_payment_at, next_amount, pauses_for_months } = subscription;
  const isUnpaid = isUnderWay(answer);
  // A page on which nobody has paid keeps nobody from choosing something else: that closes it.
  const page = isUnpaid ? payment.checkout_url : null;
  const paysAhead = !isUnpaid && (await canPayAhead(subscription));
  const line = alertLine();
  const facts = [STATES[status]?.(subscription) ?? words(status)];
  if (is_cancelled && status !== "ended") facts.push("It is cancelled and will not be charged again.");
  if (pauses_for_months) facts.push(`Then it rests for ${pauses_for_months} months.`);
  if (next) facts.push(`From ${date(period_to)}: ${nameOf(next.plan, plans)}, ${cost(next)}.`);
  if (next_payment_at && next_amount && status !== "paused") facts.push(`Next payment: ${price(next_amount)} on ${date(next_payment_at)}.`);
  if (page) facts.push(`${price(payment.amount)} can be paid until ${clock(payment.checkout_expires_at)}.`);
  else if (isUnpaid) facts.push(`Your payment of ${price(payment.amount)} is under way.`);
  if (paysAhead) facts.push(`No card is saved yet. What you pay ahead counts from ${date(period_to)}.`);
  const buttons = [];
  const change = (text, path, body, properties) => buttons.push(action(text, line, async () => {
    const changed = await call("POST", path, body);
    if (changed.checkout_url) location.assign(changed.checkout_url);
    else await refresh("");
  }, properties));
  if (page) buttons.push(el("a", { className: "button", href: page, textContent: "Go on paying" }));
  else if (["past_due", "suspended", "paused"].includes(status)) change("Pay now", "/v1/subscriptions/me/resume");
  else if (paysAhead) change(`Pay ${price(next_amount)} ahead`, "/v1/subscriptions/me/resume");
  const below = el("div");
  if (!isUnpaid || page) buttons.push(...changeButtons(subscription, plans, below, line, refresh));
  if (is_cancelled && status !== "ended") change("Keep the plan", "/v1/subscriptions/me/resume");
  else if (status !== "ended") change("Cancel the plan", "/v1/subscriptions/me/cancel", {}, { className: "plain" });
  if (status === "ended") buttons.push(el("a", { href: "#/plans", textContent: "Choose a plan" }));
  const state = el("p", { role: "status", tabIndex: -1, textContent: facts.join(" ") });
  const told = news ? el("p", { role: "status", tabIndex: -1, textContent: news }) : null;
  place.replaceChildren(...[el("p", {}, el("strong", { textContent: nameOf(running.plan, plans) }), ` ${cost(running)}`), told,
    state, el("div", { className: "buttons" }, ...buttons), line, below].filter(Boolean));
  // The pressed button is gone, so the focus goes to what was done.
  if (news !== undefined) (told ?? state).focus();
  if (isUnpaid) watch(state, refresh);
}

/** Looks again while a payment is under way: whoever comes back from the provider's page sees it arrive. */
async function watch(state, refresh) {
  const until = Date.now() + POLL_FOR_MS;
  // The page may not be shown yet.
  await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  while (state.isConnected && Date.now() < until) {
    const answer = await look().catch(() => undefined);
    // Drawing anew begins a new watch if there still is something to wait for.
    const has_changed = answer !== undefined && !isUnderWay(answer);
    if (has_changed && state.isConnected) return void refresh().catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
