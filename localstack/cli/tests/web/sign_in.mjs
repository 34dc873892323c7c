// Signs in with an account of the local issuer, proves there who it is, takes an authenticator into use, and signs in with both.
import assert from "node:assert/strict";

import { code } from "./authenticator.mjs";
import { visit } from "./browser.mjs";

const { CINEMA_TEST_EDGE_URL: edge } = process.env;

await visit(async (page, picture) => {
  const atIssuer = async () => {
    await page.getByRole("heading", { name: "Local issuer", exact: true }).waitFor({ timeout: 30000 });
    await page.locator("button").first().click();
  };
  await page.goto(`${edge}/v1/auth/oauth/local/start`);
  await atIssuer();
  await page.getByText("Sign out").waitFor({ timeout: 30000 });
  assert.equal(new URL(page.url()).origin, edge);
  await picture("signed-in");

  // The issuer's silence proves nothing. This account has no password, so only the issuer can say who it is.
  const button = (name) => page.getByRole("button", { name, exact: true });
  await page.getByRole("link", { name: "Account" }).click();
  await page.getByText("This account has none.").waitFor({ timeout: 30000 });
  await button("Set up an authenticator").click();
  const dialog = page.getByRole("dialog", { name: "Confirm that it is you" });
  await dialog.waitFor({ timeout: 30000 });
  assert.equal(await dialog.locator("input").count(), 0);
  assert.equal(await button("Confirm").isVisible(), false);
  await picture("confirm-with");
  await button("Confirm with the local issuer").click();
  await atIssuer();
  await page.getByRole("heading", { name: "Confirmed" }).waitFor({ timeout: 30000 });
  assert.equal(new URL(page.url()).hash, "#/stepped-up");
  await page.getByRole("link", { name: "Go on where you were" }).click();
  await button("Set up an authenticator").click();
  const secret = await page.locator("section code").first().innerText();
  await page.getByLabel("Code that it shows").fill(code(secret, 0));
  await button("Take it into use").click();
  await page.getByText("Each of these codes takes its place once.").waitFor({ timeout: 30000 });
  await page.getByText("Sign out").click();
  await page.getByText("Sign in", { exact: true }).waitFor({ timeout: 30000 });

  // The issuer still knows the browser: it does not ask again.
  await page.goto(`${edge}/v1/auth/oauth/local/start`);
  await page.getByText("Two-step sign-in").waitFor({ timeout: 30000 });
  await picture("code");
  await page.locator("input[name=code]").fill("000000");
  await page.locator("form.box button").click();
  await page.getByText("This code is wrong").waitFor({ timeout: 30000 });
  // Each step is taken once: the next one is for signing in.
  await page.locator("input[name=code]").fill(code(secret, 1));
  await page.locator("form.box button").click();
  await page.getByText("Sign out").waitFor({ timeout: 30000 });
  await page.reload();
  await page.getByText("Sign out").waitFor({ timeout: 30000 });
  await picture("two-step");
}, ["status of 401", "status of 403", "status of 404"]);
console.log("signed in through the issuer, with a second factor");
