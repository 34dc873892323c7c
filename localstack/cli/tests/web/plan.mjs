// A trial is paid ahead; the plan is changed at once and paid with the saved card, then for the period's end, and that is taken back. The ways to pay are listed and removed.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { visit } from "./browser.mjs";

const { CINEMA_TEST_EDGE_URL: edge, CINEMA_TEST_STATUS: status, EMAIL: email, PASSWORD: password } = process.env;

async function ask(method, path, body, token) {
  const headers = { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
  const answer = await fetch(`${edge}${path}`, { method, headers, body: JSON.stringify(body) });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
  return answer.json();
}

const editor = JSON.parse(readFileSync(status)).accounts.find(({ role }) => role === "editor");
const { access_token: token } = await ask("POST", "/v1/auth/login", { email: editor.email, password: editor.password });
/** Plans beside the demo's, dearer than it; other tests begin with the cheapest. */
const offer = (key, name, amount, trial_days, is_offered) => ask("PUT", `/v1/admin/plans/${key}`, {
  names: { en: name }, max_streams: 4, max_height: 2160, is_offered,
  prices: [
    { territory: "RU", period: "month", amount: { amount, currency: "RUB" }, tax_basis_points: 2000, trial_days },
    { territory: null, period: "month", amount: { amount: amount / 50, currency: "EUR" }, tax_basis_points: 1900, trial_days },
  ],
}, token);
const offerBoth = (is_offered) => Promise.all([offer("test-premium", "Premium", 49900, 7, is_offered), offer("test-family", "Family", 69900, 0, is_offered)]);

await offerBoth(true);
await visit(async (page, picture) => {
  const button = (name) => page.getByRole("button", { name, exact: true });
  const plan = page.getByRole("region", { name: "Plan", exact: true });
  const said = (text) => plan.getByRole("status").filter({ hasText: text }).first().waitFor({ timeout: 30000 });
  const sandbox = () => page.getByText("Sandbox: no money is moved").waitFor({ timeout: 30000 });

  await page.goto(`${edge}/#/account`);
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill(password);
  await button("Sign in").click();
  await page.getByText("You have no plan.").waitFor({ timeout: 30000 });

  // A trial asks for no card; who pays ahead, leaves and comes back, pays on.
  await page.goto(`${edge}/#/plans`);
  await page.getByRole("button", { name: "Subscribe for RUB 499.00 a month" }).click();
  await said("No card is saved yet.");
  await picture("trial");
  await button("Pay RUB 499.00 ahead").click();
  await sandbox();
  await page.goto(`${edge}/#/account`);
  await said("RUB 499.00 can be paid until ");
  assert.ok(await button("Change the plan").isVisible(), "a page that is open keeps nobody from another plan");
  await picture("pay-on");
  await page.getByRole("link", { name: "Go on paying" }).click();
  await sandbox();
  await page.getByLabel("Card number").fill("4242 4242 4242 4242");
  await page.getByRole("button", { name: /^Pay/ }).click();
  await said("Paid until");
  await plan.getByText("Premium RUB 499.00 a month").waitFor();

  // More at once, by the saved card.
  await button("Change the plan").click();
  await button("Family for RUB 699.00 a month").click();
  await page.getByText("It begins at once and costs RUB 200.00 now").waitFor({ timeout: 30000 });
  await picture("change-now");
  await button("Pay RUB 200.00 and change now").click();
  await plan.getByText("Family RUB 699.00 a month").waitFor({ timeout: 30000 });

  // Less with the next period, and not after all.
  await button("Change the plan").click();
  await button("Premium for RUB 499.00 a month").click();
  await page.getByText("This change can only begin with the next period.").waitFor({ timeout: 30000 });
  await picture("change-later");
  await page.getByRole("button", { name: /^Change on / }).click();
  await said(": Premium, RUB 499.00 a month.");
  await picture("change-to-come");
  await button("Take the change back").click();
  await said("The change is taken back: your plan stays Family.");
  assert.equal(await plan.getByText("Premium,").count(), 0);

  // The card that a plan is charged to stays; what says so is a sentence.
  await page.reload();
  const methods = page.getByRole("region", { name: "Payment methods" });
  await methods.getByText("Visa ending in 4242").waitFor({ timeout: 30000 });
  await methods.getByText("is charged").waitFor();
  await button("Remove: Visa ending in 4242").click();
  await methods.getByRole("alert").filter({ hasText: "Your subscription is charged to this method." }).waitFor({ timeout: 30000 });
  await picture("payment-methods");
}, ["status of 409"]).finally(() => offerBoth(false));
console.log("paid ahead, changed now and later, taken back; the card is listed and kept");
