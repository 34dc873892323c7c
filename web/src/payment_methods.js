// Saved ways to pay on the account's page: which one is charged, and which ones are forgotten.

import { call } from "./api.js";
import { action, alertLine, el } from "./dom.js";
import { words } from "./plans.js";

const BRANDS = { amex: "American Express", sbp: "SBP", unionpay: "UnionPay" };

const nameOf = ({ brand, last4 }) => {
  const name = BRANDS[brand] ?? words(brand).replace(/^./, (letter) => letter.toUpperCase());
  return last4 ? `${name} ending in ${last4}` : name;
};

/** `2029-07` → `July 2029`. */
const month = (text) => new Date(text).toLocaleDateString("en-GB", { month: "long", year: "numeric", timeZone: "UTC" });

/**
 * The part of the account's page about ways to pay, hidden from whoever has none, and `look`, which asks for them: whatever is paid on a page may
 * save another.
 */
export function paymentMethods() {
  const [line, list] = [alertLine(), el("ul", { className: "rows" })];
  const news = el("p", { className: "dim", role: "status", tabIndex: -1 });
  const section = el("section", { ariaLabel: "Payment methods", hidden: true }, el("h2", { textContent: "Payment methods" }), list, news, line);
  async function look() {
    const { items } = await call("GET", "/v1/payment-methods");
    list.replaceChildren(...items.map(row));
    if (items.length > 0) section.hidden = false;
    else list.append(el("li", { className: "dim", textContent: "No way to pay is saved. The next one that you pay with is." }));
  }
  /** The pressed button is gone afterwards, so the focus goes to what was done. */
  const change = (text, name, work, done) => action(text, line, async () => {
    await work();
    await look();
    news.textContent = done;
    news.focus();
  }, { className: "plain", ariaLabel: `${text}: ${name}` });
  function row(method) {
    const [id, name] = [method.id, nameOf(method)];
    const facts = [method.expires ? `valid until ${month(method.expires)}` : "", method.is_default ? "is charged" : ""].filter(Boolean).join(", ");
    const charge = method.is_default ? null : change("Use for payments", name, () => call("PUT", `/v1/payment-methods/${id}/default`), `${name} is charged from now on.`);
    const remove = change("Remove", name, () => call("DELETE", `/v1/payment-methods/${id}`), `${name} is removed.`);
    return el("li", {}, el("strong", { textContent: name }), el("span", { className: "dim", textContent: ` ${facts} ` }), charge, remove);
  }
  return { section, look };
}
