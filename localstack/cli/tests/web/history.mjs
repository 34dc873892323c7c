// A film is watched and rated: the history tells of it, in the profile's language. It is removed, watched again, and everything is removed.
import assert from "node:assert/strict";

import { visit } from "./browser.mjs";

const { CINEMA_TEST_EDGE_URL: edge, EMAIL: email, PASSWORD: password } = process.env;
const FILM = "Clockwork";

async function ask(method, path, body, token) {
  const headers = { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
  const answer = await fetch(`${edge}${path}`, { method, headers, body: body && JSON.stringify(body) });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
  return answer.status === 204 ? null : answer.json();
}

const { access_token: token } = await ask("POST", "/v1/auth/login", { email, password });
const [profile] = (await ask("GET", "/v1/users/me/profiles", undefined, token)).items;
const film = (await ask("GET", `/v1/search?q=${FILM}`)).items[0].id;

await visit(async (page, picture) => {
  const button = (name) => page.getByRole("button", { name, exact: true });
  const said = (text) => page.getByRole("status").filter({ hasText: text }).waitFor({ timeout: 30000 });
  const focused = () => page.evaluate(() => document.activeElement.textContent);
  const play = page.locator("#play");
  const names = page.locator(".watched .name");
  const part = page.getByRole("region", { name: "Your rating" });
  const stars = (value) => part.getByRole("radio", { name: value, exact: true });
  /** Through another page, or the page of before would be taken for the one that comes. */
  const open = async (address, heading) => {
    await page.goto(`${edge}/#/plans`);
    await page.getByRole("heading", { name: "Plans", exact: true }).waitFor({ timeout: 30000 });
    await page.goto(`${edge}/#/${address}`);
    await page.getByRole("heading", { name: heading, exact: true }).waitFor({ timeout: 30000 });
  };
  const openFilm = () => open(`titles/${film}`, FILM);
  const openHistory = () => open("history", "History");
  const plays = () => page.waitForFunction(() => document.querySelector("video")?.currentTime > 2, null, { timeout: 30000 }).then(() => true, () => false);
  const pause = () => page.evaluate(() => document.querySelector("video").pause());

  // Nothing was watched yet.
  await page.goto(`${edge}/#/history`);
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill(password);
  await button("Sign in").click();
  await page.getByText("Nothing yet. What you watch is listed here.").waitFor({ timeout: 30000 });
  assert.equal(await button("Remove all").isVisible(), false);
  await picture("history-empty");

  await page.goto(`${edge}/#/plans`);
  await page.getByRole("button", { name: "Subscribe" }).first().click();
  await page.getByText("Sandbox: no money is moved").waitFor({ timeout: 30000 });
  await page.getByLabel("Card number").fill("4242 4242 4242 4242");
  await page.getByRole("button", { name: /^Pay/ }).click();
  await said("Paid until");

  // The plan reaches the player by events.
  await openFilm();
  let isPlaying = false;
  for (let tries = 0; tries < 20 && !isPlaying; tries++) {
    if (tries > 0) await openFilm();
    if (await play.isVisible()) {
      await play.click();
      isPlaying = await plays();
    } else await page.waitForTimeout(1000);
  }
  assert.ok(isPlaying, "what was paid for plays");
  await pause();

  // It is rated by keyboard.
  await stars("1").waitFor({ timeout: 60000 });
  assert.equal(await part.getByRole("radio").count(), 10);
  assert.equal(await button("Remove the rating").isVisible(), false);
  await stars("7").focus();
  await page.keyboard.press("ArrowRight");
  assert.ok(await stars("8").isChecked());
  await page.context().setOffline(true);
  await page.keyboard.press("Enter");
  await part.getByRole("alert").filter({ hasText: "There is no connection to the server." }).waitFor({ timeout: 30000 });
  await page.context().setOffline(false);
  await page.keyboard.press("Enter");
  await said("Your rating: 8 of 10.");
  await picture("rated");
  await page.reload();
  await said("Your rating: 8 of 10.");
  assert.ok(await stars("8").isChecked());
  await stars("9").check();
  await button("Change the rating").click();
  await said("Your rating: 9 of 10.");

  await page.getByRole("link", { name: "History", exact: true }).click();
  await page.getByRole("heading", { name: "Today" }).waitFor({ timeout: 30000 });
  assert.deepEqual(await names.allInnerTexts(), [FILM]);
  await page.getByText(/ s of \d+ (s|min) · your rating 9 of 10/).waitFor();
  assert.equal(await page.getByRole("progressbar", { name: "Watched so far" }).count(), 1);
  assert.equal(await page.getByRole("link", { name: `Continue: ${FILM}` }).getAttribute("href"), `#/titles/${film}`);
  await picture("history");

  // On a phone, in the profile's language.
  await ask("PATCH", `/v1/users/me/profiles/${profile.id}`, { locale: "ru" }, token);
  const reloadUntil = async (heading) => {
    for (let tries = 0; tries < 40 && !(await page.getByRole("heading", { name: heading, exact: true }).isVisible()); tries++) {
      await page.waitForTimeout(500);
      await page.reload();
      await page.locator(".history").waitFor({ timeout: 30000 });
    }
  };
  await reloadUntil("История");
  await page.setViewportSize({ width: 375, height: 740 });
  await page.getByRole("heading", { name: "Сегодня" }).waitFor({ timeout: 30000 });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 375);
  await picture("history-phone");
  await page.setViewportSize({ width: 1280, height: 800 });
  await ask("PATCH", `/v1/users/me/profiles/${profile.id}`, { locale: "en" }, token);
  await reloadUntil("History");

  // Whoever is not sure removes nothing. What is removed is gone; the focus goes on to what has come of it.
  const remove = button(`Remove ${FILM} from the history`);
  page.once("dialog", (dialog) => dialog.dismiss());
  await remove.click();
  assert.deepEqual(await names.allInnerTexts(), [FILM]);
  page.once("dialog", (dialog) => dialog.accept());
  await remove.click();
  await said(`${FILM} is removed from the history.`);
  assert.match(await focused(), /is removed from the history/);
  await picture("removed");
  await openHistory();
  await page.getByText("Nothing yet.").waitFor();
  assert.equal(await names.count(), 0);

  // The rating has stayed, until it is removed as well.
  await openFilm();
  await play.click();
  assert.ok(await plays(), "it plays again");
  await pause();
  await part.getByText("Your rating: 9 of 10.").waitFor({ timeout: 60000 });
  await button("Remove the rating").click();
  await said("Your rating is removed.");
  assert.equal(await focused(), "Your rating is removed.");
  await page.reload();
  await stars("9").waitFor({ timeout: 30000 });
  assert.equal(await part.locator(":checked").count(), 0);

  // Everything at once.
  await openHistory();
  assert.deepEqual(await names.allInnerTexts(), [FILM]);
  page.once("dialog", (dialog) => dialog.accept());
  await button("Remove all").click();
  await said("Everything is removed from the history.");
  assert.equal(await names.count(), 0);
  await openHistory();
  await page.getByText("Nothing yet.").waitFor();
}, ["ERR_INTERNET_DISCONNECTED", "status of 402", "status of 403"]);
console.log("watched, rated, and removed");
