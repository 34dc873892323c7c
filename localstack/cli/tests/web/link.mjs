// Links an account with one of the local issuer, signs in with that, and takes the link away; whoever cancels reads a sentence.
import assert from "node:assert/strict";

import { visit } from "./browser.mjs";

const { CINEMA_TEST_EDGE_URL: edge, EMAIL: email, PASSWORD: password } = process.env;

await visit(async (page, picture) => {
  const button = (name) => page.getByRole("button", { name, exact: true });
  const link = (name) => page.getByRole("link", { name, exact: true });
  const heading = (name) => page.getByRole("heading", { name }).waitFor({ timeout: 30000 });
  const issuer = () => page.getByRole("heading", { name: "Local issuer", exact: true }).waitFor({ timeout: 30000 });
  const alert = (text) => page.getByRole("alert").filter({ hasText: text }).first().waitFor({ timeout: 30000 });
  const signIn = async () => {
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Password").fill(password);
    await page.locator("form.box button").click();
    await page.getByText("Sign out").waitFor({ timeout: 30000 });
  };

  // Nobody is signed in, and thinks better of it at the issuer.
  await page.goto(`${edge}/#/sign-in`);
  await link("Sign in with the local issuer").click();
  await issuer();
  await page.locator("[name=cancel]").click();
  await alert("You cancelled it at the other service.");
  assert.equal(page.url(), `${edge}/#/sign-in-failed?reason=sign_in_cancelled`);
  await picture("cancelled");
  await link("Sign in").last().click();
  // Lost on the way: another browser's callback.
  await page.goto(`${edge}/v1/auth/oauth/local/callback?code=1&state=1`);
  await alert("It did not begin in this browser");
  // An address says nothing that the page does not say by itself.
  await page.goto(`${edge}/#/sign-in-failed?reason=constructor`);
  await alert("Something went wrong on the way.");

  await page.goto(`${edge}/#/sign-in?then=${encodeURIComponent("#/account")}`);
  await signIn();
  await heading("Other ways to sign in");
  await button("Link the local issuer").click();
  await issuer();
  // The issuer has not confirmed this person's address: only a link lets them in here.
  await page.locator("input[name=login]").fill("ulf@people.example");
  await button("Sign in").click();
  await heading("Linked");
  await picture("linked");
  await link("Go on where you were").click();
  await button("Unlink the local issuer").waitFor({ timeout: 30000 });
  assert.equal(await button("Link the local issuer").count(), 0);

  await page.getByText("Sign out").click();
  await link("Sign in").first().waitFor({ timeout: 30000 });
  await page.goto(`${edge}/#/sign-in?then=${encodeURIComponent("#/account")}`);
  // The issuer knows the browser by now and does not ask.
  await link("Sign in with the local issuer").click();
  await page.getByText("Sign out").waitFor({ timeout: 30000 });
  await page.getByText(email).first().waitFor({ timeout: 30000 });

  // Nobody has asked who it is: the password says it. The session began with the link and ends with it.
  await button("Unlink the local issuer").click();
  const dialog = page.getByRole("dialog", { name: "Confirm that it is you" });
  await dialog.getByLabel("Password").fill(password);
  await button("Confirm").click();
  await dialog.waitFor({ state: "detached", timeout: 30000 });
  await button("Unlink the local issuer").waitFor({ state: "detached", timeout: 30000 });
  await page.reload();
  await link("Sign in").first().waitFor({ timeout: 30000 });
}, ["status of 401", "status of 403", "status of 404"]);
console.log("linked, signed in with it, and unlinked");
