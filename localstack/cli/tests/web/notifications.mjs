// The bell: what a new account was told is counted, read, put away and taken back, and stays so.
import assert from "node:assert/strict";

import { visit } from "./browser.mjs";

const { CINEMA_TEST_EDGE_URL: edge, EMAIL: email, PASSWORD: password } = process.env;

await visit(async (page, picture) => {
  await page.goto(`${edge}/#/sign-in`);
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByText("Sign out").waitFor({ timeout: 30000 });
  const bell = page.locator("#bell");
  const badge = bell.locator(".badge");
  // The welcome comes by an event: the number is asked for at each page.
  for (let tries = 0; tries < 60 && !(await badge.isVisible()); tries++) {
    await page.reload();
    await bell.waitFor({ timeout: 30000 });
    await page.waitForTimeout(1000);
  }
  // A sign-in from a new device may have been told as well.
  const unread = Number(await badge.innerText());
  assert.ok(unread >= 1, `${unread} unread`);
  assert.equal(await bell.getAttribute("aria-label"), `Notifications, ${unread} unread`);

  await bell.click();
  await page.getByRole("heading", { name: "Notifications", level: 1 }).waitFor({ timeout: 30000 });
  const welcome = page.locator(".notifications li", { hasText: "Welcome to Online Cinema" });
  await welcome.waitFor({ timeout: 30000 });
  await picture("notifications");
  assert.equal(await welcome.evaluate((item) => item.classList.contains("unread")), true);
  const counted = (number) => page.waitForFunction(
    (text) => (document.querySelector("#bell .badge").hidden ? "0" : document.querySelector("#bell .badge").textContent) === text,
    String(number), { timeout: 30000 });

  // By keyboard, and it stays read.
  await page.getByRole("button", { name: "Mark as read: Welcome to Online Cinema" }).focus();
  await page.keyboard.press("Enter");
  // Not a number: a message about the sign-in may have come meanwhile.
  await page.locator(".notifications li:not(.unread)", { hasText: "Welcome to Online Cinema" }).waitFor({ timeout: 30000 });
  await page.reload();
  await welcome.waitFor({ timeout: 30000 });
  assert.equal(await welcome.evaluate((item) => item.classList.contains("unread")), false);

  await page.getByRole("button", { name: "Put away: Welcome to Online Cinema" }).click();
  await welcome.waitFor({ state: "detached", timeout: 30000 });
  await page.getByRole("button", { name: "What was put away" }).click();
  await page.getByRole("heading", { name: "Put away", level: 1 }).waitFor({ timeout: 30000 });
  await welcome.waitFor({ timeout: 30000 });
  await picture("put-away");
  await page.getByRole("button", { name: "Take back: Welcome to Online Cinema" }).click();
  await page.getByText("Nothing was put away.").waitFor({ timeout: 30000 });
  await page.getByRole("button", { name: "Back to the inbox" }).click();
  await welcome.waitFor({ timeout: 30000 });
  await page.getByRole("button", { name: "Mark all as read" }).click();
  await counted(0);

  // Without a connection nothing is lost, and it is said.
  await page.context().setOffline(true);
  await page.getByRole("button", { name: "Put away: Welcome to Online Cinema" }).click();
  await page.getByRole("alert").filter({ hasText: "There is no connection to the server." }).waitFor({ timeout: 30000 });
  assert.equal(await welcome.count(), 1);
  await page.context().setOffline(false);

  // The browser asks for messages. Its maker's push service is out of reach of a test: the browser's half of the subscription stands in.
  const button = (name) => page.getByRole("button", { name, exact: true });
  await page.context().grantPermissions(["notifications"], { origin: edge });
  await button("Show messages in this browser").click();
  await page.getByRole("alert").filter({ hasText: "does not reach the service that carries its messages" }).waitFor({ timeout: 30000 });
  await page.evaluate(async () => {
    const pair = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, ["deriveBits"]);
    const text = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    const keys = { p256dh: text(await crypto.subtle.exportKey("raw", pair.publicKey)), auth: text(crypto.getRandomValues(new Uint8Array(16))) };
    const endpoint = `https://push.example/${crypto.randomUUID()}`;
    PushManager.prototype.subscribe = async ({ applicationServerKey }) => {
      window.subscribedTo = applicationServerKey;
      return { toJSON: () => ({ endpoint, expirationTime: null, keys }) };
    };
  });
  const asked = page.waitForResponse((response) => response.url().endsWith("/v1/notifications/devices"));
  await button("Show messages in this browser").click();
  assert.equal((await asked).status(), 200);
  await button("No more messages in this browser").waitFor({ timeout: 30000 });
  assert.match(await page.evaluate(() => window.subscribedTo), /^B[A-Za-z0-9_-]{86}$/);
  await picture("push");
  // Signing out takes it back.
  const removed = page.waitForResponse((response) => response.request().method() === "DELETE" && response.url().includes("/v1/notifications/devices/dev_"));
  await button("Sign out").click();
  assert.equal((await removed).status(), 204);
  await page.getByRole("link", { name: "Sign in" }).first().waitFor({ timeout: 30000 });
  assert.equal(await page.evaluate(() => localStorage.getItem("push-device")), null);
}, ["ERR_INTERNET_DISCONNECTED", "does not support the Push API"]);
console.log("what was told is read and put away");
