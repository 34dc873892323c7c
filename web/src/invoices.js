// Invoices and credit notes on the account's page, each to be kept as a PDF.

import { call } from "./api.js";
import { action, alertLine, el } from "./dom.js";
import { date, price } from "./plans.js";

const SHOWN = 20;

/** The part of the account's page about invoices; nothing for whoever has none. */
export async function invoicesSection() {
  const { items } = await call("GET", `/v1/invoices?limit=${SHOWN}`);
  if (items.length === 0) return "";
  const line = alertLine();
  return el("section", {}, el("h2", { textContent: "Invoices" }), el("ul", { className: "rows" }, ...items.map((invoice) => row(invoice, line))), line);
}

function row({ id, number, kind, amount, issued_at }, line) {
  const what = kind === "credit_note" ? "credit note, " : "";
  const keep = action("PDF", line, async () => save(await call("GET", `/v1/invoices/${id}/pdf`, undefined, { file: "application/pdf" }), `${number}.pdf`),
    { className: "plain", ariaLabel: `PDF of ${number}` });
  return el("li", {}, el("strong", { textContent: number }), el("span", { className: "dim", textContent: ` ${what}${date(issued_at)}, ${price(amount)} ` }), keep);
}

/** Hands a file to the browser's downloads. */
function save(file, name) {
  const href = URL.createObjectURL(file);
  el("a", { href, download: name }).click();
  // The browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
