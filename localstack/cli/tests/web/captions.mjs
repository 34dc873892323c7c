// An editor sends subtitles for a film, and a viewer switches them on, reads them, and finds them on again.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { visit } from "./browser.mjs";

const { CINEMA_TEST_EDGE_URL: edge, CINEMA_TEST_STATUS: status } = process.env;
const { accounts } = JSON.parse(readFileSync(status));
const of = (role) => accounts.find((account) => account.role === role);

async function ask(method, path, body, token) {
  const headers = { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
  const answer = await fetch(`${edge}${path}`, { method, headers, body: body && JSON.stringify(body) });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
  return answer.json();
}

const { email, password } = of("editor");
const { access_token: editor } = await ask("POST", "/v1/auth/login", { email, password });
const { items } = await ask("GET", "/v1/search?q=clockwork");
const { id } = items.find(({ name }) => name === "Clockwork");
const file = "1\n00:00:00,000 --> 00:10:00,000\nEs regnet, <i>und</i> alle fahren.\n";
const sent = await ask("POST", `/v1/admin/titles/${id}/captions`, { language: "de", kind: "subtitles", size: file.length }, editor);
assert.equal((await fetch(sent.url, { method: "PUT", body: file })).status, 200);

await visit(async (page, picture) => {
  await page.goto(`${edge}/#/sign-in`);
  await page.locator("input[name=email]").fill(of("viewer").email);
  await page.locator("input[name=password]").fill(of("viewer").password);
  await page.locator("form.box button").click();
  await page.getByText("Sign out").waitFor({ timeout: 30000 });
  await page.getByRole("heading", { name: "Films" }).waitFor({ timeout: 30000 });

  const menu = page.locator("select[name=captions]");
  const play = async () => {
    await page.goto(`${edge}/#/titles/${id}`);
    await page.locator("#play").click();
    await page.waitForFunction(() => document.querySelector("video")?.readyState >= 2, null, { timeout: 60000 });
  };
  const away = async () => {
    await page.goto(`${edge}/#/account`);
    await page.getByRole("heading", { name: "Watching now" }).waitFor({ timeout: 30000 });
  };
  // Until playback has heard of them.
  for (let tries = 0; tries < 20; tries += 1) {
    await play();
    if (await menu.isVisible()) break;
    await away();
    await page.waitForTimeout(1000);
  }
  assert.deepEqual(await menu.locator("option").allInnerTexts(), ["Off", "Deutsch"]);
  assert.equal(await menu.inputValue(), "off");

  const shown = () => page.waitForFunction(() => [...document.querySelector("video").textTracks]
    .some((track) => track.mode === "showing" && [...(track.activeCues ?? [])].some((cue) => cue.text.includes("alle fahren"))), null, { timeout: 30000 });
  await menu.selectOption({ label: "Deutsch" });
  await shown();
  await picture("captions");
  await away();
  await play();
  await shown();
  await away();
  console.log("read, and on again");
});
