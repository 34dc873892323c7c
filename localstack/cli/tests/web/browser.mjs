// Chromium for a test: every console error is a failure, and a failure shows what the page shows.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const { CINEMA_TEST_BROWSER_DIR: folder, SCREENSHOTS: screenshots } = process.env;
const require = createRequire(`${folder}/package.json`);
const { chromium: playwright } = require("playwright-core");
const chromium = (await import(require.resolve("@sparticuz/chromium"))).default;

/** A page that waits for ever would hold up everything behind it, and nobody would see what it waits for. */
const LONGEST_MS = 5 * 60_000;

/** Runs `visit(page, picture)`; `excused` are console errors that belong to what is tested. */
export async function visit(visit, excused = []) {
  // The package's defaults switch the browser's own rules off; the page has to work with them.
  const unwanted = ["--headless", "--disable-web-security", "--allow-running-insecure-content"];
  const browser = await playwright.launch({
    executablePath: await chromium.executablePath(),
    args: [...chromium.args.filter((flag) => !unwanted.some((start) => flag.startsWith(start))), "--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
  });
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const picture = async (name) => screenshots && page.screenshot({ path: `${screenshots}/${name}.png` });
  const errors = [];
  let timer;
  const standsStill = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it was not done after ${LONGEST_MS / 60_000} minutes`)), LONGEST_MS);
  });
  try {
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("console", (message) => message.type() === "error" && errors.push(`${message.text()} ${message.location().url}`));
    await Promise.race([visit(page, picture), standsStill]);
    assert.deepEqual(errors.filter((error) => !excused.some((text) => error.includes(text))), []);
  } catch (error) {
    console.error("the page shows:", await page.locator("body").innerText().catch(String));
    console.error("its errors:", errors);
    await picture("failed");
    throw error;
  } finally {
    clearTimeout(timer);
    await browser.close();
  }
}
