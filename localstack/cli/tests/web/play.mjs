// Signs in, finds a film, plays it with sound, seeks, and stops.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { visit } from "./browser.mjs";

const { CINEMA_TEST_EDGE_URL: edge, CINEMA_TEST_STATUS: status } = process.env;
const account = JSON.parse(readFileSync(status)).accounts.find((account) => account.role === "viewer");

await visit(async (page, picture) => {
  await page.goto(edge);
  await page.locator(".card").first().waitFor({ timeout: 30000 });
  await picture("list");
  await page.goto(`${edge}/#/sign-in`);
  await page.locator("input[name=email]").fill(account.email);
  await page.locator("input[name=password]").fill(account.password);
  await page.locator("form.box button").click();
  await page.getByText("Sign out").waitFor({ timeout: 30000 });
  // Signing in ends at the list: who searches before would be led away from what was found.
  await page.getByRole("heading", { name: "Films" }).waitFor({ timeout: 30000 });

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
  // It begins where somebody may have left it.
  await page.waitForFunction(() => document.querySelector("video")?.currentTime > window.cinema.player.session?.position + 1.5, null, { timeout: 60000 });
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
  const leaveAt = (time) => page.evaluate((time) => new Promise((resolve, reject) => {
    const video = document.querySelector("video");
    video.addEventListener("seeked", resolve, { once: true });
    setTimeout(() => reject(new Error(`no picture at ${time}`)), 20000);
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

  // Every stop says its reason. What happens elsewhere is asked for with the same session's own token.
  const elsewhere = (method, path, body) => page.evaluate(async ([method, path, body]) => {
    const headers = { "content-type": "application/json" };
    const token = await (await fetch("/v1/auth/refresh", { method: "POST", headers, body: "{}" })).json();
    headers.authorization = `Bearer ${token.access_token}`;
    const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
    return answer.status === 204 ? null : answer.json();
  }, [method, path, body]);
  const session = () => page.evaluate(() => window.cinema.player.session.session_id);
  const device_id = await page.evaluate(() => localStorage.getItem("device"));
  const title_id = film.split("/").at(-1);
  const start = (device_id, device_name) => elsewhere("POST", "/v1/playback/sessions", { title_id, device_id, device_name });
  const stop = (id) => elsewhere("DELETE", `/v1/playback/sessions/${id}`);
  const says = (text) => page.getByRole("alert").filter({ hasText: text }).waitFor({ timeout: 30000 });
  const pause = () => page.evaluate(() => document.querySelector("video").pause());
  const playAgain = async () => {
    await page.locator("#play").click();
    await page.waitForFunction(() => window.cinema.player.session && document.querySelector("video")?.currentTime > 0 && !document.querySelector("video").paused,
      null, { timeout: 60000 });
  };
  await page.waitForFunction(() => document.querySelector("video")?.readyState >= 2, null, { timeout: 60000 });
  await stop(await session());
  await page.evaluate(() => document.querySelector("video").play().then(() => document.querySelector("video").pause()));
  await says("This film was stopped on another device or in another window.");
  await playAgain();
  const other = await start(device_id, "the same browser");
  await pause();
  await says("This film is being watched somewhere else.");
  await stop(other.session_id);
  // The plan has two streams; a film that somebody left without a word holds one for a while.
  const [kitchen, hall] = [await start("tv-1", "TV in the kitchen"), await start("tv-2", "TV in the hall")];
  assert.ok(kitchen.session_id, JSON.stringify(kitchen));
  await page.locator("#play").click();
  await says("As many films are playing as may play at a time.");
  const busy = page.getByRole("region", { name: "Streams in use" });
  const device = hall.session_id ? "TV in the hall" : "TV in the kitchen";
  await busy.getByText(device).waitFor({ timeout: 30000 });
  await picture("too-many-streams");
  // It is stopped there, and plays here.
  await busy.getByRole("button", { name: `Stop ${device} and watch here` }).click();
  await page.waitForFunction(() => window.cinema.player.session && document.querySelector("video")?.currentTime > 0, null, { timeout: 60000 });
  assert.equal(await busy.count(), 0);
  const kicked = hall.session_id ? hall : kitchen;
  const told = await elsewhere("POST", `/v1/playback/sessions/${kicked.session_id}/heartbeat`, { position: 1, state: "playing" });
  assert.deepEqual(told, { action: "stop", reason: "session_kicked" });

  // The account's page lists what runs. A stream that is ended there says why.
  const active = await elsewhere("GET", `/v1/playback/active?device_id=${device_id}`);
  assert.equal(active.items.filter(({ is_this_device }) => is_this_device).length, 1, JSON.stringify(active));
  await elsewhere("DELETE", `/v1/playback/active/${await session()}`);
  await pause();
  await says("Somebody of your account has ended this stream from another device.");
  const attic = await start("tv-3", "TV in the attic");
  assert.ok(attic.session_id, JSON.stringify(attic));
  await page.goto(`${edge}/#/account`);
  const watching = page.getByRole("region", { name: "Watching now" });
  await watching.getByText("TV in the attic").waitFor({ timeout: 30000 });
  await picture("watching-now");
  await watching.getByRole("button", { name: "End the stream on TV in the attic" }).click();
  await watching.getByRole("status").filter({ hasText: "The stream on TV in the attic was ended." }).waitFor({ timeout: 30000 });
  assert.equal(await watching.getByRole("button", { name: "End the stream on TV in the attic" }).count(), 0);
  for (const { session_id } of [kitchen, hall]) if (session_id) await stop(session_id);

  // What the player measured is taken.
  await page.goto(`${edge}/#/`);
  await page.waitForTimeout(1000);
  assert.deepEqual(await page.evaluate(() => window.cinema.player.rejected), []);

  // The session ends on another device: this page hears of it, says so, and offers to sign in.
  await elsewhere("POST", "/v1/auth/logout", {});
  await page.goto(`${edge}/#/profiles`);
  await page.locator(".tile").first().click();
  await says("You have been signed out. Sign in again.");
  await page.getByRole("link", { name: "Sign in" }).waitFor({ timeout: 30000 });
}, ["status of 401", "status of 403", "status of 409", "status of 410", "status of 422"]);
console.log("the film played");
