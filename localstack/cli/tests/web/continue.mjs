// Two films were begun: one is hidden, shown again, hidden for good, and stays so after a reload.
import assert from "node:assert/strict";

import { visit } from "./browser.mjs";

const { CINEMA_TEST_EDGE_URL: edge, EMAIL: email, PASSWORD: password } = process.env;

await visit(async (page, picture) => {
  await page.goto(`${edge}/#/sign-in`);
  await page.locator("input[name=email]").fill(email);
  await page.locator("input[name=password]").fill(password);
  await page.locator("form.box button").click();
  const row = page.getByRole("region", { name: "Continue watching" });
  const films = row.getByRole("link");
  await row.waitFor({ timeout: 30000 });
  const names = await films.locator("strong").allInnerTexts();
  assert.equal(names.length, 2);
  assert.equal(await row.getByRole("progressbar").count(), 2);
  await picture("continue");

  const [name, other] = names;
  const hide = row.getByRole("button", { name: `Hide ${name}` });
  const undo = row.getByRole("button", { name: `Show ${name} again` });
  await hide.click();
  await row.getByRole("status").filter({ hasText: `${name} is hidden until you play it again.` }).waitFor({ timeout: 30000 });
  assert.deepEqual(await films.locator("strong").allInnerTexts(), [other]);
  assert.ok(await undo.evaluate((button) => button === document.activeElement), "the focus goes on to undoing it");
  await picture("hidden");
  await undo.click();
  await hide.waitFor({ timeout: 30000 });
  assert.deepEqual(await films.locator("strong").allInnerTexts(), names);
  assert.ok(await hide.evaluate((button) => button === document.activeElement), "and back");

  // Without a connection nothing is hidden, and the page says so.
  await page.context().setOffline(true);
  await hide.click();
  await row.getByRole("alert").filter({ hasText: "There is no connection to the server." }).waitFor({ timeout: 30000 });
  assert.equal(await films.count(), 2);
  await page.context().setOffline(false);
  await hide.click();
  await undo.waitFor({ timeout: 30000 });
  await page.reload();
  await row.waitFor({ timeout: 30000 });
  assert.deepEqual(await films.locator("strong").allInnerTexts(), [other]);
}, ["ERR_INTERNET_DISCONNECTED"]);
console.log("one film was hidden");
