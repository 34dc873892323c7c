// A session that proved who it is twenty minutes ago: what is hard to take back asks for a proof, once, in a dialogue.
import assert from "node:assert/strict";

import { code } from "./authenticator.mjs";
import { visit } from "./browser.mjs";

const { CINEMA_TEST_EDGE_URL: edge, PASSWORD: password, REFRESH: refresh } = process.env;
const NOT_CONFIRMED = "Nothing was changed, because you did not confirm that it is you.";

await visit(async (page, picture) => {
  // As a browser is that comes back: with its cookie. Only a secure origin may set it; cookies know no ports and, on localhost, no schemes.
  const cookie = { name: "__Host-refresh", value: refresh, url: edge.replace("http:", "https:"), httpOnly: true, secure: true, sameSite: "Strict" };
  await page.context().addCookies([cookie]);
  await page.goto(edge);
  await page.evaluate(() => localStorage.setItem("signed-in", "yes"));
  await page.reload();
  await page.getByText("Sign out").waitFor({ timeout: 30000 });
  await page.getByRole("link", { name: "Account" }).click();
  await page.getByRole("heading", { name: "Profiles" }).waitFor({ timeout: 30000 });

  const dialog = page.getByRole("dialog", { name: "Confirm that it is you" });
  const opened = () => dialog.waitFor({ timeout: 30000 });
  const closed = () => dialog.waitFor({ state: "detached", timeout: 30000 });
  const alert = (text) => page.getByRole("alert").filter({ hasText: text }).first().waitFor({ timeout: 30000 });
  const focused = () => page.evaluate(() => document.activeElement.textContent || document.activeElement.name);
  const button = (name) => page.getByRole("button", { name, exact: true });

  // By keyboard alone; leaving says that nothing happened, and the focus is where it was.
  await button("Make a copy of my data").focus();
  await page.keyboard.press("Enter");
  await opened();
  assert.equal(await focused(), "password");
  // This account has nothing else to prove it with.
  assert.equal(await button("Use a code of your authenticator instead").isVisible(), false);
  await picture("step-up");
  await page.keyboard.press("Escape");
  await closed();
  await alert(NOT_CONFIRMED);
  assert.equal(await focused(), "Make a copy of my data");

  // A profile for a child needs no proof; leaving it does.
  await page.getByLabel("Name").fill("Child");
  await page.getByLabel("Highest age rating").fill("6");
  await button("Add").click();
  await page.getByRole("button", { name: "Change Child" }).waitFor({ timeout: 30000 });
  assert.equal(await dialog.count(), 0);
  const choose = async (name) => {
    await page.evaluate(() => (location.hash = "#/profiles"));
    await page.getByRole("heading", { name: "Who is watching?" }).waitFor({ timeout: 30000 });
    await page.locator(".tile", { hasText: name }).click();
  };
  const grown = "up to 18+";
  // The new profile reaches auth by an event.
  for (let tries = 0; tries < 60; tries++) {
    await choose("Child");
    await page.waitForTimeout(500);
    if (!page.url().endsWith("#/profiles")) break;
  }
  await page.getByRole("heading", { name: "Films" }).waitFor({ timeout: 30000 });
  await choose(grown);
  await opened();
  await button("Cancel").click();
  await closed();
  await alert(NOT_CONFIRMED);
  await page.locator(".tile", { hasText: grown }).click();
  await opened();
  await dialog.getByLabel("Password").fill("not the password of this account");
  await button("Confirm").click();
  await alert("This is not the password of the account.");
  await dialog.getByLabel("Password").fill(password);
  await page.keyboard.press("Enter");
  await closed();
  await page.getByRole("heading", { name: "Films" }).waitFor({ timeout: 30000 });

  // Proven is proven: for ten minutes nothing else asks.
  await page.getByRole("link", { name: "Account" }).click();
  await button("Make a copy of my data").click();
  await page.getByText("The copy is being made.").waitFor({ timeout: 30000 });
  assert.equal(await dialog.count(), 0);
  const download = page.getByRole("link", { name: "Download the copy" });
  await download.waitFor({ timeout: 90000 });
  assert.equal((await fetch(await download.getAttribute("href"))).status, 200);

  // Where an authenticator is in use a password is not enough.
  await button("Set up an authenticator").click();
  const secret = await page.locator("section code").first().innerText();
  await page.getByLabel("Code that it shows").fill(code(secret, 0));
  await button("Take it into use").click();
  await page.getByText("Each of these codes takes its place once.").waitFor({ timeout: 30000 });
  await page.getByText("Unused recovery codes: 10.").waitFor({ timeout: 30000 });
  assert.equal(await button("Set up an authenticator").isVisible(), false);
  await picture("recovery-codes");
  const recovery = await page.locator(".codes code").first().innerText();
  await button("Remove the authenticator").click();
  await opened();
  // Neither the password of just now nor another one takes the place of a code, so only a code is asked for.
  assert.equal(await focused(), "code");
  assert.equal(await button("Use your password instead").isVisible(), false);
  assert.equal(await dialog.getByLabel("Password").count(), 0);
  await dialog.getByLabel("Code").fill(recovery);
  await button("Confirm").click();
  await closed();
  await page.getByText("Signing in takes the password alone again.").waitFor({ timeout: 30000 });
  await button("Set up an authenticator").waitFor({ timeout: 30000 });
  assert.equal(await button("Remove the authenticator").isVisible(), false);

  // The end: confirmed a moment ago, so only the box is ticked.
  await page.getByLabel("I want everything about me to be erased.").check();
  await button("Delete the account").click();
  await page.getByRole("heading", { name: "The account is being erased" }).waitFor({ timeout: 30000 });
  await page.getByRole("link", { name: "Sign in", exact: true }).waitFor({ timeout: 30000 });
  await page.reload();
  await page.getByRole("link", { name: "Sign in", exact: true }).waitFor({ timeout: 30000 });
}, ["status of 403", "status of 404"]);
console.log("an old session confirmed who it is");
