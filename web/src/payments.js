// Payments on the account's page, and how long one is waited for.

import { call } from "./api.js";
import { el } from "./dom.js";
import { date, price, words } from "./plans.js";

/** How often a payment is looked at that is under way, and for how long: a bank answers within seconds, or another day. */
export const POLL_MS = 1500;
export const POLL_FOR_MS = 90_000;

const PAYMENTS = {
  pending: "under way",
  unknown: "being looked into",
  succeeded: "paid",
  failed: "declined",
  canceled: "cancelled, nothing was paid",
};

const SHOWN = 10;

export const isUnderWay = (answer) => ["pending", "unknown"].includes(answer?.payment?.status);

/** A row for each of the last payments. */
export async function paymentRows() {
  const { items } = await call("GET", `/v1/payments?limit=${SHOWN}`);
  return items.map(row);
}

function row({ amount, refunded, status, created_at }) {
  const back = refunded.amount > 0 ? `, ${price(refunded)} given back` : "";
  return el("li", {}, el("strong", { textContent: price(amount) }), " ",
    el("span", { className: "dim", textContent: `${date(created_at)}, ${PAYMENTS[status] ?? words(status)}${back}` }));
}
