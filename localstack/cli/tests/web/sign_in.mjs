// Signs in with an account of the local issuer, proves there who it is, takes an authenticator into use, and signs in with both.
import assert from "node:assert/strict";

import { code } from "./authenticator.mjs";
import { visit } from "./browser.mjs";

const { CINEMA_TEST_EDGE_URL: edge } = process.env;

await visit(async (page, picture) => {
  const throughIssuer = async () => {
    await page.goto(`${edge}/v1/auth/oauth/local/start`);
    await page.getByText("Local issuer").first().waitFor({ timeout: 30000 });
    await page.locator("button").first().click();
  };
  await throughIssuer();
  await page.getByText("Sign out").waitFor({ timeout: 30000 });
  assert.equal(new URL(page.url()).origin, edge);
  await picture("signed-in");

  // What the page does not offer yet, in its place and with its cookie.
  const call = (method, path) =>
    page.evaluate(async ([method, path]) => {
      const refreshed = await fetch("/v1/auth/refresh", { method: "POST" });
      const { access_token: token } = await refreshed.json();
      const answer = await fetch(path, { method, headers: { authorization: `Bearer ${token}` } });
      return { token, status: answer.status, ...(await answer.json()) };
    }, [method, path]);
  const refused = await call("POST", "/v1/auth/mfa/totp");
  assert.equal(refused.code, "step_up_required", "the issuer's silence proves nothing");
  const { authorization_url: asked } = await call("GET", "/v1/auth/oauth/local/start?purpose=step_up");
  await page.goto(asked);
  await page.getByText("Local issuer").first().waitFor({ timeout: 30000 });
  await page.locator("button").first().click();
  await page.getByText("Sign out").waitFor({ timeout: 30000 });
  assert.equal(new URL(page.url()).hash, "#/stepped-up");
  const armed = await call("POST", "/v1/auth/mfa/totp");
  assert.ok(armed.secret, JSON.stringify(armed));
  const confirmed = await fetch(`${edge}/v1/auth/mfa/totp/confirm`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${armed.token}` },
    body: JSON.stringify({ code: code(armed.secret, 0) }),
  });
  assert.equal(confirmed.status, 200, await confirmed.text());
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
  await page.locator("input[name=code]").fill(code(armed.secret, 1));
  await page.locator("form.box button").click();
  await page.getByText("Sign out").waitFor({ timeout: 30000 });
  await page.reload();
  await page.getByText("Sign out").waitFor({ timeout: 30000 });
  await picture("two-step");
}, ["status of 401", "status of 403"]);
console.log("signed in through the issuer, with a second factor");
