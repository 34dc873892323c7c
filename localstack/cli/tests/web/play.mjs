// Signs in, finds a film, plays it with sound, seeks, and stops.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { visit } from "./browser.mjs";

const { CINEMA_TEST_EDGE_URL: edge, CINEMA_TEST_STATUS: status } = process.env;
const account = JSON.parse(readFileSync(status)).accounts.find((account) => account.role === "viewer");

await visit(async (page, picture) => {
  await page.goto(edge);
  await page.getByText("Clockwork").first().waitFor({ timeout: 30000 });
  await picture("list");
  await page.goto(`${edge}/#/sign-in`);
  await page.locator("input[name=email]").fill(account.email);
  await page.locator("input[name=password]").fill(account.password);
  await page.locator("form.box button").click();
  await page.getByText("Sign out").waitFor({ timeout: 30000 });

  await page.locator("#search input").fill("clockw");
  await page.keyboard.press("Enter");
  await page.locator(".card", { hasText: "Clockwork" }).click();
  await page.locator("#play").click();

  const video = () => page.evaluate(() => {
    const video = document.querySelector("video");
    return {
      time: video.currentTime, duration: video.duration, width: video.videoWidth, error: video.error?.message,
      audio: video.webkitAudioDecodedByteCount, ranges: video.buffered.length, paused: video.paused,
    };
  });
  await page.waitForFunction(() => document.querySelector("video")?.currentTime > 1.5, null, { timeout: 60000 });
  const playing = await video();
  assert.equal(playing.error, undefined);
  assert.ok(playing.width >= 200, `picture: ${JSON.stringify(playing)}`);
  assert.ok(playing.audio > 0, `sound: ${JSON.stringify(playing)}`);
  await picture("playing");

  // Two seeks: into the second segment and back.
  const target = Math.min(6.5, playing.duration - 1);
  for (const time of [target, 2.02]) {
    await page.evaluate((time) => new Promise((resolve, reject) => {
      const video = document.querySelector("video");
      video.addEventListener("seeked", resolve, { once: true });
      setTimeout(() => reject(new Error(`no picture at ${time}`)), 20000);
      video.currentTime = time;
    }), time);
    const at = await video();
    assert.ok(Math.abs(at.time - time) < 1.5, `seek to ${time}: ${JSON.stringify(at)}`);
    assert.equal(at.error, undefined);
  }
  await picture("seeked");

  // Leaving the film stops the session; opened again it goes on at the same place. The place is past a twentieth of the film.
  const film = new URL(page.url()).hash;
  const leaveAt = (time) => page.evaluate((time) => new Promise((resolve) => {
    const video = document.querySelector("video");
    video.addEventListener("seeked", resolve, { once: true });
    video.pause();
    video.currentTime = time;
  }), time);
  const reopen = async () => {
    await page.goto(`${edge}/${film}`);
    await page.locator("#play").click();
    await page.waitForFunction(() => window.cinema.player.session !== null, null, { timeout: 30000 });
    return page.evaluate(() => window.cinema.player.session.position);
  };
  await leaveAt(target);
  await page.goto(`${edge}/#/`);
  await page.waitForFunction(() => window.cinema.player.session === null, null, { timeout: 10000 });
  assert.ok(Math.abs((await reopen()) - target) < 0.5, "the place after leaving the film");

  // A page that goes away says so too; after the reload the cookie signs in again.
  await page.waitForFunction(() => document.querySelector("video")?.readyState >= 2, null, { timeout: 60000 });
  await leaveAt(3);
  await page.reload();
  await page.getByText("Sign out").waitFor({ timeout: 30000 });
  assert.ok(Math.abs((await reopen()) - 3) < 0.5, "the place after the page went away");

  // What the player measured is taken.
  await page.goto(`${edge}/#/`);
  await page.waitForTimeout(1000);
  assert.deepEqual(await page.evaluate(() => window.cinema.player.rejected), []);
});
console.log("the film played");
