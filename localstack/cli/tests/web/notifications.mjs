// The bell: what a new account was told is counted, read, put away and taken back, and stays so. What the person wants to be told, and when, stays too.
import assert from "node:assert/strict";

import { visit } from "./browser.mjs";

const { CINEMA_TEST_EDGE_URL: edge, EMAIL: email, PASSWORD: password } = process.env;

await visit(async (page, picture) => {
  // A page of one's own asks for it, and is there afterwards.
  await page.goto(`${edge}/#/profiles`);
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { name: "Who is watching?" }).waitFor({ timeout: 30000 });
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

  // What the person wants to be told. The browser is in a zone of its own, which is proposed.
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Emulation.setTimezoneOverride", { timezoneId: "Europe/Berlin" });
  await page.getByRole("link", { name: "Choose what you are told" }).click();
  await page.getByRole("heading", { name: "What you are told", level: 1 }).waitFor({ timeout: 30000 });
  const box = (title, label) => page.getByRole("group", { name: title }).getByLabel(label);
  for (const title of ["Security", "Payments"]) {
    assert.equal(await box(title, "By mail").isDisabled(), true, title);
    assert.equal(await box(title, "By mail").isChecked(), true, title);
    await page.getByRole("group", { name: title }).getByText("Mails always come").waitFor({ timeout: 30000 });
    assert.equal(await box(title, "In browsers").isDisabled(), false, title);
  }
  assert.equal(await box("News and offers", "By mail").isChecked(), false);
  const zone = box("Time zone", "Zone of the times above");
  assert.equal(await zone.inputValue(), "Europe/Berlin");
  // By keyboard.
  await box("Films and series", "By mail").focus();
  await page.keyboard.press("Space");
  assert.equal(await box("Quiet hours", "From").isVisible(), false);
  await box("Quiet hours", "Keep quiet").focus();
  await page.keyboard.press("Space");
  await box("Quiet hours", "From").fill("23:30");
  await box("Quiet hours", "Until").fill("23:30");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: "Quiet hours: from and until must differ." }).waitFor({ timeout: 30000 });
  await box("Quiet hours", "Until").fill("07:15");
  await box("One mail a day", "Put them together").check();
  await box("One mail a day", "At").fill("18:45");
  await zone.selectOption("America/New_York");
  const save = async () => {
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("status").filter({ hasText: "Saved." }).waitFor({ timeout: 30000 });
  };
  await save();
  assert.equal(await page.getByText("from and until must differ").count(), 0);
  await picture("preferences");
  // "Saved." is not said of what is not.
  await box("Account", "In browsers").uncheck();
  assert.equal(await page.getByText("Saved.").count(), 0);
  await page.reload();
  await page.getByRole("heading", { name: "What you are told", level: 1 }).waitFor({ timeout: 30000 });
  const kept = async () => [
    await box("Films and series", "By mail").isChecked(), await box("Films and series", "In browsers").isChecked(), await box("Account", "In browsers").isChecked(),
    await box("Quiet hours", "From").inputValue(), await box("Quiet hours", "Until").inputValue(),
    await box("One mail a day", "At").inputValue(), await zone.inputValue(),
  ];
  assert.deepEqual(await kept(), [false, true, true, "23:30", "07:15", "18:45", "America/New_York"]);
  await page.setViewportSize({ width: 360, height: 740 });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
  await picture("preferences-narrow");
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.getByRole("button", { name: "Take this browser's: Europe/Berlin" }).click();
  await box("Quiet hours", "Keep quiet").uncheck();
  await save();
  await page.reload();
  await page.getByRole("heading", { name: "What you are told", level: 1 }).waitFor({ timeout: 30000 });
  assert.equal(await box("Quiet hours", "Keep quiet").isChecked(), false);
  assert.equal(await zone.inputValue(), "Europe/Berlin");
  // A form that was open longer takes back nothing that was changed elsewhere.
  await box("News and offers", "By mail").check();
  await save();
  const ask = async (method, path, token, body) => {
    const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
    const answer = await fetch(`${edge}${path}`, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    assert.equal(answer.status, 200, text);
    return JSON.parse(text);
  };
  const { access_token: token } = await ask("POST", "/v1/auth/login", null, { email, password });
  const stored = await ask("GET", "/v1/notifications/preferences", token);
  assert.equal(stored.workflows.marketing.email, true);
  stored.workflows.marketing.email = false;
  await ask("PUT", "/v1/notifications/preferences", token, stored);
  await box("News and offers", "In browsers").check();
  await save();
  assert.equal(await box("News and offers", "By mail").isChecked(), false);
  assert.deepEqual((await ask("GET", "/v1/notifications/preferences", token)).workflows.marketing, { in_app: true, email: false, push: true });
  await page.getByRole("link", { name: "Back to the notifications" }).click();
  await welcome.waitFor({ timeout: 30000 });

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
}, ["ERR_INTERNET_DISCONNECTED", "status of 422", "does not support the Push API"]);
console.log("what was told is read and put away, and what is wanted is kept");
