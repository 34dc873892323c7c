// Somebody reads what the API can do, and tries an operation there.
import assert from "node:assert/strict";

import { visit } from "./browser.mjs";

const { CINEMA_TEST_EDGE_URL: edge } = process.env;

await visit(async (page, picture) => {
  await page.goto(`${edge}/docs`);
  await page.locator("[data-tag=catalog]").waitFor({ timeout: 60000 });
  const services = await page.locator(".opblock-tag").count();
  const { tags } = await (await fetch(`${edge}/docs/openapi.json`)).json();
  assert.equal(services, tags.length);
  await page.locator("[data-tag=catalog]").click();
  await picture("docs");
  const list = page.locator("#operations-catalog-list_titles");
  await list.locator(".opblock-summary").click();
  await list.getByRole("button", { name: "Try it out" }).click();
  await list.getByRole("button", { name: "Execute" }).click();
  const status = list.locator(".live-responses-table .response-col_status").last();
  await status.waitFor({ timeout: 60000 });
  assert.match(await status.innerText(), /200/);
  await picture("docs_answer");
});
