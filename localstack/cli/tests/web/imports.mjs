// A history comes from another service: a file that is none is refused, of another one film is found and one is not, it is confirmed, and taken back.
import assert from "node:assert/strict";

import { visit } from "./browser.mjs";

const { CINEMA_TEST_EDGE_URL: edge, EMAIL: email, PASSWORD: password } = process.env;
const FILM = "Clockwork";
const UNKNOWN = "A Film That Nobody Made (1999)";
const csv = (name, text) => ({ name, mimeType: "text/csv", buffer: Buffer.from(text) });
const diary = csv("diary.csv", "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date\n"
  + `2024-03-03,${FILM},2026,https://boxd.it/1,4.5,,,2024-03-02\n2024-03-03,A Film That Nobody Made,1999,https://boxd.it/2,,,,2024-03-02\n`);

async function ask(method, path, body, token) {
  const headers = { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
  const answer = await fetch(`${edge}${path}`, { method, headers, body: body && JSON.stringify(body) });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
  return answer.json();
}

const { access_token: token } = await ask("POST", "/v1/auth/login", { email, password });
/** As the API tells it: how the page shows it is tested by the history's own journey. */
const watched = async () => (await ask("GET", "/v1/history", undefined, token)).items
  .map(({ title, my_rating, is_imported }) => [title.name, my_rating, is_imported]);

await visit(async (page, picture) => {
  const part = page.getByRole("region", { name: "History from another service" });
  const button = (name) => part.getByRole("button", { name });
  const said = (text) => part.getByRole("status").filter({ hasText: text }).waitFor({ timeout: 120000 });
  const send = async (service, file) => {
    await part.getByLabel("Service").selectOption({ label: service });
    await part.getByLabel("File", { exact: true }).setInputFiles(file);
    await button("Send the file").click();
  };

  await page.goto(`${edge}/#/account`);
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await part.waitFor({ timeout: 30000 });

  // What is refused at once, and what is refused when it was read.
  await send("Letterboxd", csv("watched.csv", ""));
  await part.getByRole("alert").filter({ hasText: "Size: must be 1 to 20971520 bytes" }).waitFor({ timeout: 30000 });
  await send("Netflix", diary);
  await part.getByRole("alert").filter({ hasText: "The file has not the columns of this service." }).waitFor({ timeout: 120000 });
  assert.equal(await part.getByLabel("Dates such as").isVisible(), true);

  // It does not stand in the way. What was found and what was not is shown before anything is added.
  await send("Letterboxd", diary);
  await said("The file was read. Nothing is added before you confirm it.");
  await part.getByText("Lines: 2. Found: 2. Not found or not clear: 1.").waitFor();
  const lines = part.locator(".lines");
  assert.deepEqual(await lines.filter({ hasText: "rated" }).getByRole("listitem").allInnerTexts(),
    [`${FILM} (2026) watched on 2 March 2024, line 2`, `${FILM} (2026) rated 9 of 10 on 3 March 2024, line 2`]);
  assert.deepEqual(await lines.filter({ hasText: UNKNOWN }).getByRole("listitem").allInnerTexts(),
    [`${UNKNOWN} nothing that this profile may see is called so, line 3`]);
  assert.deepEqual(await watched(), []);
  await picture("import");
  await page.setViewportSize({ width: 375, height: 740 });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 375);
  await picture("import-phone");
  await page.setViewportSize({ width: 1280, height: 800 });

  // Another one has to wait.
  await send("Trakt", csv("history.json", "[]"));
  await part.getByRole("alert").filter({ hasText: "Another import of this profile is not done. Confirm or delete it first." }).waitFor({ timeout: 30000 });

  // By keyboard; the focus goes on to what has come of it.
  await button("Confirm the import").focus();
  await page.keyboard.press("Enter");
  await said("The import is confirmed.");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "The import is confirmed.");
  await part.getByText("Added to the history: 1, ratings: 1, watchlist: 0.").waitFor();
  assert.deepEqual(await watched(), [[FILM, 9, true]]);

  // It is there later, and so is what was not found.
  await page.reload();
  await button("Show what was not found").click();
  await part.getByText(UNKNOWN).waitFor({ timeout: 30000 });
  await picture("imported");

  // Whoever is not sure takes nothing back.
  page.once("dialog", (dialog) => dialog.dismiss());
  await button("Undo the import from Letterboxd").click();
  await page.waitForTimeout(1000);
  assert.deepEqual(await watched(), [[FILM, 9, true]]);
  page.once("dialog", (dialog) => dialog.accept());
  await button("Undo the import from Letterboxd").click();
  await said("The import is undone.");
  assert.equal(await button("Undo").count(), 0);
  assert.deepEqual(await watched(), []);
}, ["status of 409", "status of 422"]);
console.log("imported, looked at, and taken back");
