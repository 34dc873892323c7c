// Makes an account without a plan, leaves the sandbox's page, rents one film on it and watches that; another film does not play, and neither does
// the first one once its money was given back.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { visit } from "./browser.mjs";

const { CINEMA_TEST_EDGE_URL: edge, CINEMA_TEST_STATUS: places } = process.env;
const staff = JSON.parse(readFileSync(places)).accounts.find((account) => account.role === "editor");
const email = `rent-${Date.now()}@example.com`;
const password = "a long enough sentence";

async function mailed() {
  for (let tries = 0; tries < 120; tries++) {
    const page = await (await fetch(`${edge}/mail?to=${encodeURIComponent(email)}`)).text();
    const code = page.match(/<pre>[^<]*?\b(\d{6})\b/)?.[1];
    if (code) return code;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`no mail for ${email}`);
}

/** Calls of somebody who is not in front of the page. */
async function signedIn({ email, password }) {
  const call = async (method, path, body, token) => {
    const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
    const answer = await fetch(edge + path, { method, headers, body: body && JSON.stringify(body) });
    assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
    return answer.json();
  };
  const { access_token } = await call("POST", "/v1/auth/login", { email, password });
  return (method, path, body) => call(method, path, body, access_token);
}

// Other tests make titles as well: the catalogue has more than one page.
const films = [];
for (let cursor = ""; cursor !== undefined;) {
  const { items, next_cursor } = await (await fetch(`${edge}/v1/titles?limit=50${cursor}`)).json();
  films.push(...items.filter(({ kind, playable }) => kind === "film" && playable));
  cursor = next_cursor ? `&cursor=${encodeURIComponent(next_cursor)}` : undefined;
}
const film = films.find(({ name }) => /clockwork/i.test(name));
const isPriced = async ({ id }) => (await (await fetch(`${edge}/v1/titles/${id}/prices`)).json()).items.length > 0;
let other;
for (const candidate of films) if (!other && candidate.id !== film?.id && (await isPriced(candidate))) other = candidate;
assert.ok(film && other, "the catalogue holds no two films with prices");

await visit(async (page, picture) => {
  const button = (name) => page.getByRole("button", { name });
  const status = (text) => page.getByRole("status").filter({ hasText: text }).first().waitFor({ timeout: 60000 });
  const open = async ({ id, name }) => {
    // Through another page, and not before it is there: a film's page stands until then.
    await page.goto(`${edge}/#/`);
    await page.getByRole("heading", { level: 1, name: "Films" }).waitFor({ timeout: 30000 });
    await page.goto(`${edge}/#/titles/${id}`);
    await page.getByRole("heading", { level: 1, name }).waitFor({ timeout: 30000 });
  };

  // Whoever is nobody yet sees what it costs.
  await open(film);
  await page.getByText("Rent for RUB").waitFor({ timeout: 30000 });

  await page.goto(`${edge}/#/sign-up`);
  await page.getByRole("heading", { name: "Create an account" }).waitFor({ timeout: 30000 });
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("New password").fill(password);
  await button("Create the account").click();
  await page.getByText(`mailed to ${email}`).waitFor({ timeout: 30000 });
  await page.getByLabel("Code").fill(await mailed());
  await button("Confirm").click();
  await page.getByText("Sign out").waitFor({ timeout: 30000 });

  // Without a plan there is nothing to press but the price.
  const rent = async () => {
    await open(film);
    await button(/^Rent for/).click();
    await page.getByText("Sandbox: no money is moved").waitFor({ timeout: 30000 });
  };
  await open(film);
  await button(/^Rent for/).waitFor({ timeout: 30000 });
  assert.equal(await page.locator("#play").isVisible(), false);
  await picture("priced");

  // Going away from the provider's page buys nothing, and nothing is called declined.
  await rent();
  await button("Cancel").click();
  await page.getByRole("heading", { level: 1, name: film.name }).waitFor({ timeout: 30000 });
  await button(/^Rent for/).waitFor({ timeout: 30000 });
  await page.goto(`${edge}/#/account`);
  await page.getByText("cancelled, nothing was paid").waitFor({ timeout: 60000 });
  assert.equal(await page.getByText("declined").count(), 0);

  // Paid, it plays.
  await rent();
  await page.getByLabel("Card number").fill("4242 4242 4242 4242");
  await button(/^Pay/).click();
  await page.getByRole("heading", { level: 1, name: film.name }).waitFor({ timeout: 30000 });
  await status("You have rented this film until");
  await picture("rented");
  await page.locator("#play").click();
  await page.waitForFunction(() => document.querySelector("video")?.currentTime > 1, null, { timeout: 60000 });
  await picture("rented-film");

  // Its 48 hours run from now on.
  const until = async () => {
    await open(film);
    await status("You have rented this film until");
    return Date.parse((await page.getByRole("status").first().innerText()).match(/until (.*)\./)[1].replace(" at ", " "));
  };
  let left = Infinity;
  for (let tries = 0; tries < 30 && left > 49; tries++) {
    left = ((await until()) - Date.now()) / 3_600_000;
    if (left > 49) await page.waitForTimeout(1000);
  }
  assert.ok(left > 46 && left < 49, `${left} hours are left`);

  // Another film is still for sale only.
  await open(other);
  await button(/^Rent for/).waitFor({ timeout: 30000 });
  assert.equal(await page.locator("#play").isVisible(), false);

  // Support gives the money back, and the film is for sale again.
  const paid = (await (await signedIn({ email, password }))("GET", "/v1/payments")).items.find((payment) => payment.status === "succeeded");
  await (await signedIn(staff))("POST", `/v1/admin/payments/${paid.id}/refund`, {});
  for (let tries = 0; tries < 30; tries++) {
    await open(film);
    if (!(await page.locator("#play").isVisible())) break;
    await page.waitForTimeout(1000);
  }
  await button(/^Rent for/).waitFor({ timeout: 30000 });
  assert.equal(await page.locator("#play").isVisible(), false);
  await page.goto(`${edge}/#/account`);
  await page.getByText("rented, given back").waitFor({ timeout: 30000 });
  await page.getByText("paid, RUB").filter({ hasText: "given back" }).waitFor({ timeout: 30000 });
  await picture("given-back");
}, ["status of 402", "status of 403", "status of 404"]);
console.log("left, rented, watched and given back; another film does not play");
