// Makes an account with the code from the mailbox; what goes wrong on the way is said in sentences.
import assert from "node:assert/strict";

import { visit } from "./browser.mjs";

const { CINEMA_TEST_EDGE_URL: edge } = process.env;
const email = `sign-up-${Date.now()}@example.com`;
const OFFLINE = "There is no connection to the server. Try again in a moment.";

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
  const alert = (text) => page.getByRole("alert").filter({ hasText: text }).first().waitFor({ timeout: 30000 });
  const offline = (is) => page.context().setOffline(is);
  await page.goto(`${edge}/#/sign-in`);
  await page.getByRole("link", { name: "Create an account" }).click();
  // The form before has a field of the same name.
  await page.getByRole("heading", { name: "Create an account" }).waitFor({ timeout: 30000 });
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("New password").fill("password12");
  await page.getByRole("button", { name: "Create the account" }).click();
  await alert("This password is among the first that are tried.");
  await page.getByLabel("New password").fill("a long enough sentence");
  await offline(true);
  await page.getByRole("button", { name: "Create the account" }).click();
  await alert(OFFLINE);
  await offline(false);
  await page.getByRole("button", { name: "Create the account" }).click();
  await page.getByText(`mailed to ${email}`).waitFor({ timeout: 30000 });
  await picture("verification");

  const code = await mailed();
  await page.getByLabel("Code").fill(code === "000000" ? "000001" : "000000");
  await page.getByRole("button", { name: "Confirm" }).click();
  await alert("This is not the code in the newest mail.");
  // The one who left before the code came is asked for it at the next sign-in.
  await page.goto(`${edge}/#/sign-in`);
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill("a long enough sentence");
  await page.locator("form.box button").click();
  await page.getByLabel("Code").fill(code);
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.getByText("Sign out").waitFor({ timeout: 30000 });

  // Every page says so when there is no connection, and none stays empty.
  await offline(true);
  for (const place of ["#/titles/ttl_00000000000000000000000000", "#/?q=clock", "#/account", "#/profiles"]) {
    await page.evaluate((place) => (location.hash = place), place);
    await alert(OFFLINE);
    assert.equal(await page.locator("main").innerText(), OFFLINE, place);
    await page.evaluate(() => document.querySelector("main").replaceChildren());
  }
  await page.getByText("Sign out").click();
  await alert(OFFLINE);
  await offline(false);
  await page.goto(`${edge}/#/titles/ttl_00000000000000000000000000`);
  await alert("There is no such title.");
  // A field that a person sees by its name, not by a pointer.
  await page.goto(`${edge}/#/?q=${"x".repeat(201)}`);
  await alert("Q: must be 1 to 200 characters.");
  await page.getByText("Sign out").click();
  await page.getByRole("link", { name: "Sign in" }).waitFor({ timeout: 30000 });
  await page.reload();
  await page.getByRole("link", { name: "Sign in" }).waitFor({ timeout: 30000 });
}, ["ERR_INTERNET_DISCONNECTED", "status of 403", "status of 404", "status of 422"]);
console.log("signed up, with sentences on the way");
