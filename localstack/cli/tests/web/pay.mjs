// Makes an account, subscribes on the sandbox's page, and watches a film; then cancels and thinks better of it.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

import { visit } from "./browser.mjs";

const { CINEMA_TEST_EDGE_URL: edge } = process.env;
const email = `pay-${Date.now()}@example.com`;
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

await visit(async (page, picture) => {
  const button = (name) => page.getByRole("button", { name, exact: true });
  const status = (text) => page.getByRole("status").filter({ hasText: text }).first().waitFor({ timeout: 60000 });

  // Whoever is nobody yet sees what there is, and what it costs.
  await page.goto(`${edge}/#/plans`);
  await page.getByRole("heading", { name: "Standard" }).waitFor({ timeout: 30000 });
  await page.getByText("299.00").waitFor();
  assert.equal(await page.getByRole("button", { name: "Subscribe" }).count(), 0);
  await picture("plans");

  await page.goto(`${edge}/#/sign-up`);
  await page.getByRole("heading", { name: "Create an account" }).waitFor({ timeout: 30000 });
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("New password").fill(password);
  await button("Create the account").click();
  await page.getByText(`mailed to ${email}`).waitFor({ timeout: 30000 });
  await page.getByLabel("Code").fill(await mailed());
  await button("Confirm").click();
  await page.getByText("Sign out").waitFor({ timeout: 30000 });

  // Going away from the provider's page buys nothing.
  const subscribe = async () => {
    await page.goto(`${edge}/#/plans`);
    await page.getByRole("button", { name: "Subscribe" }).first().click();
    await page.getByText("Sandbox: no money is moved").waitFor({ timeout: 30000 });
  };
  await subscribe();
  await picture("checkout");
  await button("Cancel").click();
  await page.getByRole("heading", { name: "Plan", exact: true }).waitFor({ timeout: 30000 });
  await status("It ended on");
  await page.getByText("cancelled, nothing was paid").waitFor({ timeout: 30000 });
  assert.equal(await page.getByText("declined").count(), 0);

  // A declined card is said on the page, and another one pays.
  await subscribe();
  await page.getByLabel("Card number").fill("4000 0000 0000 9995");
  await page.getByRole("button", { name: /^Pay/ }).click();
  await page.getByRole("alert").filter({ hasText: "insufficient_funds" }).waitFor({ timeout: 30000 });
  await page.getByLabel("Card number").fill("4242 4242 4242 4242");
  await page.getByRole("button", { name: /^Pay/ }).click();
  await page.getByRole("heading", { name: "Account", exact: true }).waitFor({ timeout: 30000 });
  await status("Paid until");
  await page.locator("section", { hasText: "Plan" }).getByText(", paid").first().waitFor({ timeout: 30000 });
  await picture("subscribed");

  // The plan reaches the player by events.
  const film = (await (await fetch(`${edge}/v1/search?q=clockwork`)).json()).items[0].id;
  const play = page.locator("#play");
  const plays = () => page.waitForFunction(() => document.querySelector("video")?.currentTime > 1, null, { timeout: 30000 }).then(() => true, () => false);
  let isPlaying = false;
  for (let tries = 0; tries < 20 && !isPlaying; tries++) {
    // Through another page, and not before it is there: the film's page of the last try stands until then.
    await page.goto(`${edge}/#/`);
    await page.getByRole("heading", { level: 1, name: "Films" }).waitFor({ timeout: 30000 });
    await page.goto(`${edge}/#/titles/${film}`);
    await page.getByRole("heading", { level: 1, name: "Clockwork" }).waitFor({ timeout: 30000 });
    if (await play.isVisible()) {
      await play.click();
      isPlaying = await plays();
    } else await page.waitForTimeout(1000);
  }
  assert.ok(isPlaying, "the film does not play although the plan is paid");
  await picture("paid-film");

  // Cancelled with the period's end, until the person thinks better of it.
  await page.goto(`${edge}/#/account`);
  await status("Next payment: RUB");
  await button("Cancel the plan").click();
  await status("It is cancelled and will not be charged again.");
  await button("Keep the plan").click();
  await status("Next payment: RUB");
  assert.equal(await page.getByText("It is cancelled").count(), 0);

  // What was paid has an invoice to keep.
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: /^PDF of / }).first().click();
  const file = await download;
  assert.match(file.suggestedFilename(), /^[A-Z0-9-]+-\d{4}-\d{6}\.pdf$/);
  assert.equal((await readFile(await file.path())).subarray(0, 5).toString("latin1"), "%PDF-");
  await picture("invoices");
}, ["status of 402", "status of 403", "status of 404"]);
console.log("paid, watched, cancelled and kept");
