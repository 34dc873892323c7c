// More titles than a page holds: the list goes on by scrolling, after a failure by its button.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { visit } from "./browser.mjs";

const { CINEMA_TEST_EDGE_URL: edge, CINEMA_TEST_STATUS: status } = process.env;
const editor = JSON.parse(readFileSync(status)).accounts.find((account) => account.role === "editor");
const COUNT = 60;
const WORD = "Pagefiller";

async function post(path, body, token) {
  const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(edge + path, { method: "POST", headers, body: JSON.stringify(body) });
  assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer.json();
}

const { access_token: token } = await post("/v1/auth/login", { email: editor.email, password: editor.password });
const numbers = Array.from({ length: COUNT }, (_, number) => number);
// A series needs no film. Four at a time: each call of a function takes one of the machine's processors.
await Promise.all([0, 1, 2, 3].map(async (lane) => {
  for (const number of numbers.filter((number) => number % 4 === lane)) {
    const name = `${WORD} ${number}`;
    const title = { kind: "series", original_title: name, localisations: { en: { name } } };
    const { id } = await post("/v1/admin/titles", title, token);
    await post(`/v1/admin/titles/${id}/publish`, { rating: 0 }, token);
  }
}));

await visit(async (page, picture) => {
  const cards = page.locator(".card", { hasText: WORD });
  const scrollDown = () => page.mouse.wheel(0, 20000);
  const allOf = async () => {
    for (let tries = 0; tries < 60 && (await cards.count()) < COUNT; tries++) {
      await scrollDown();
      await page.waitForTimeout(500);
    }
    const names = await cards.locator("strong").allInnerTexts();
    assert.equal(new Set(names).size, COUNT, `once each: ${names.length}`);
    assert.equal(names.length, COUNT);
  };
  await page.goto(edge);
  await page.locator(".card").first().waitFor({ timeout: 30000 });
  await allOf();
  await picture("many");
  await page.getByRole("button", { name: "Show more" }).waitFor({ state: "hidden" });

  // Search hears of the titles by events.
  const address = `${edge}/v1/search?q=${WORD}&limit=1`;
  for (let tries = 0; tries < 120 && (await (await fetch(address)).json()).total < COUNT; tries++)
    await new Promise((resolve) => setTimeout(resolve, 500));
  await page.locator("#search input").fill(WORD);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: WORD }).waitFor({ timeout: 30000 });
  const first = await cards.count();
  assert.ok(first >= 20 && first < COUNT, `${first} on the first page`);
  await page.context().setOffline(true);
  await scrollDown();
  await page.getByRole("alert").filter({ hasText: "There is no connection to the server." }).waitFor({ timeout: 30000 });
  assert.equal(await cards.count(), first, "what is there stays");
  await page.context().setOffline(false);
  await page.getByRole("button", { name: "Show more" }).click();
  await allOf();

  // A series has nothing to play.
  await cards.first().click();
  await page.getByRole("heading", { name: WORD }).waitFor({ timeout: 30000 });
  assert.equal(await page.locator("#play").isVisible(), false);
}, ["ERR_INTERNET_DISCONNECTED"]);
console.log(`${COUNT} titles in two lists`);
