// The HTML report in a real Chromium: node report_test.mjs CHROMIUM ONE.html FOLDER.html
//
// ONE is the report of the incident of 2026-05-28, FOLDER one of several scenarios of which one
// failed and one could not be played. See ./dev e2e.
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";

const [executablePath, one, folder] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const themes = ["light", "dark"];

let browser;
before(async () => {
  // Chromium's own sandbox does not run as root, and root is who plays with namespaces in e2e.
  const args = process.getuid() === 0 ? ["--no-sandbox"] : [];
  browser = await chromium.launch({ executablePath, args });
});
after(() => browser.close());

// A page with the report; whatever it complains about or asks the network for fails the test.
async function open(file, { width = 1280, height = 900, theme = "light", hash = "" } = {}) {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: theme });
  page.setDefaultTimeout(10000);
  page.trouble = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) page.trouble.push(message.text());
  });
  page.on("pageerror", (error) => page.trouble.push(String(error)));
  page.on("request", (request) => {
    if (!/^(file|data):/.test(request.url())) page.trouble.push(`asked for ${request.url()}`);
  });
  await page.goto(pathToFileURL(file).href + hash);
  await page.waitForSelector("main");
  return page;
}

async function close(page) {
  assert.deepEqual(page.trouble, []);
  await page.close();
}

async function assertAccessible(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const found = violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.html)}`);
  assert.deepEqual(found, [], what);
}

const count = (page, selector) => page.locator(selector).count();
const text = (page, selector) => page.locator(selector).first().innerText();
const focused = (page) => page.evaluate(() => document.activeElement.getAttribute("aria-label"));
const fits = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);

test("the verdict, every exchange and every lane are there", async () => {
  const page = await open(one);
  assert.equal(await text(page, ".badge"), "PASS");
  const exchanges = Number((await text(page, ".timeline .count")).split(" ")[0]);
  assert.ok(exchanges > 100);
  assert.equal(await count(page, ".mark"), exchanges);
  const lanes = await page.locator(".row.server .label").allInnerTexts();
  assert.deepEqual(lanes, ["token service", "registry", "CDN", "npm"]);
  assert.deepEqual(await page.locator(".times em").first().innerText(), "44m 17s");
  assert.equal(await count(page, ".row.tag"), 10);
  assert.equal(await count(page, ".mark.faulted"), 6);
  await close(page);
});

test("a click opens the exchange, redacted, with the rule that acted on it", async () => {
  const page = await open(one);
  await page.locator(".mark.faulted").first().click();
  const detail = await text(page, ".detail");
  assert.match(detail, /cache-upload-400 did: reply 400/);
  assert.match(detail, /Bearer REDACTED/);
  assert.match(detail, /400 Bad request/);
  assert.match(detail, /Your browser sent an invalid request/);
  assert.match(page.url(), /#2026-05-28-cache-export-400\/run\/\d+$/);
  await page.getByRole("button", { name: "Next exchange" }).click();
  assert.doesNotMatch(await text(page, ".detail"), /cache-upload-400/);
  await page.keyboard.press("Escape");
  assert.ok(await page.locator(".detail").isHidden());
  await close(page);
});

test("an address leads to its exchange", async () => {
  const page = await open(one, { hash: "#2026-05-28-cache-export-400/run/20" });
  await page.waitForSelector(".detail:not([hidden])");
  assert.equal(await count(page, ".mark[aria-pressed='true']"), 1);
  await close(page);
});

test("the keyboard moves between exchanges, opens and closes", async () => {
  const page = await open(one);
  await page.getByRole("button", { name: "Wider" }).focus();
  await page.keyboard.press("Tab");
  const first = await focused(page);
  assert.match(first, /cache-upload-400/, "the first fault is where the keyboard enters");
  await page.keyboard.press("ArrowRight");
  assert.notEqual(await focused(page), first);
  await page.keyboard.press("ArrowDown");
  assert.match(await focused(page), /cache-upload-400/);
  assert.notEqual(await focused(page), first);
  await page.keyboard.press("ArrowUp");
  assert.equal(await focused(page), first);
  await page.keyboard.press("Enter");
  assert.match(await text(page, ".detail h2"), /^PUT blob /);
  await page.keyboard.press("ArrowLeft");
  assert.doesNotMatch(await text(page, ".detail"), /cache-upload-400/);
  const last = await focused(page);
  await page.keyboard.press("Escape");
  assert.ok(await page.locator(".detail").isHidden());
  assert.equal(await focused(page), last, "the focus stays where it was");
  await page.keyboard.press("Home");
  assert.match(await focused(page), /npm|token|registry/);
  await close(page);
});

test("hovering says what it was", async () => {
  const page = await open(one);
  await page.locator(".mark").first().hover();
  assert.match(await text(page, ".tip"), /^[A-Z]+ .+\n200 OK\n08:00:00 . ci . /);
  await close(page);
});

test("filters by server, answer, fault and text", async () => {
  const page = await open(one);
  const all = await count(page, ".mark");
  await page.getByRole("checkbox", { name: /^npm/ }).uncheck();
  assert.equal(await count(page, ".row.server"), 3);
  assert.ok((await count(page, ".mark")) < all);
  await page.getByRole("checkbox", { name: /^npm/ }).check();
  await page.getByRole("checkbox", { name: /^2xx/ }).uncheck();
  assert.equal(await count(page, ".mark.ok"), 0);
  await page.getByRole("checkbox", { name: /faults only/ }).check();
  assert.equal(await count(page, ".mark"), 6);
  assert.match(await text(page, ".timeline .count"), /^6 of /);
  await page.getByRole("checkbox", { name: /faults only/ }).uncheck();
  await page.getByRole("checkbox", { name: /^2xx/ }).check();
  await page.getByRole("searchbox").fill("manifest latest-omos");
  const found = await count(page, ".mark");
  assert.ok(found > 0 && found < 40);
  await close(page);
});

test("a row of the log shows its exchange although a filter hid it", async () => {
  const page = await open(one);
  await page.getByRole("searchbox").fill("no such text");
  assert.equal(await count(page, ".mark"), 0);
  await page.locator(".log .link").first().click();
  assert.match(await text(page, ".detail"), /cache-upload-400/);
  assert.equal(await page.getByRole("searchbox").inputValue(), "");
  await close(page);
});

test("every play has a tab, by mouse and by arrow key", async () => {
  const page = await open(one);
  const tabs = await page.getByRole("tab").allInnerTexts();
  assert.ok(tabs.length >= 3, tabs.join());
  await page.getByRole("tab", { name: /Without the faults/ }).click();
  assert.equal(await count(page, ".mark.faulted"), 0);
  assert.ok((await count(page, ".mark")) > 0);
  await page.keyboard.press("ArrowRight");
  assert.match(await text(page, "[role=tab][aria-selected=true]"), /Second run/);
  assert.match(await text(page, ".steps"), /host-publish \(second run\)/);
  await close(page);
});

test("the colours follow the system or the switch", async () => {
  const page = await open(one, { theme: "dark" });
  const colour = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await colour();
  await page.getByRole("radio", { name: "light" }).check();
  assert.notEqual(await colour(), dark);
  await page.emulateMedia({ colorScheme: "light" });
  await page.getByRole("radio", { name: "dark" }).check();
  assert.equal(await colour(), dark);
  await close(page);
});

for (const theme of themes) {
  test(`nothing keeps anybody out (${theme})`, async () => {
    const page = await open(one, { theme });
    for (const details of await page.locator(".steps summary").all()) await details.click();
    await assertAccessible(page, "a scenario");
    await page.locator(".mark.faulted").first().click();
    await assertAccessible(page, "with an exchange open");
    await close(page);
    const index = await open(folder, { theme });
    await assertAccessible(index, "the index");
    await index.getByRole("link", { name: /does not hold/ }).click();
    await index.waitForSelector(".failures");
    await assertAccessible(index, "a scenario that failed");
    await close(index);
  });
}

test("a narrow screen is enough", async () => {
  const page = await open(one, { width: 400, height: 800 });
  assert.ok(await fits(page));
  await page.locator(".mark.faulted").first().click();
  assert.ok(await fits(page));
  await close(page);
  const index = await open(folder, { width: 400, height: 800 });
  assert.ok(await fits(index));
  await close(index);
});

test("prints", async () => {
  const page = await open(one, { width: 720, theme: "dark" });
  await page.emulateMedia({ media: "print" });
  assert.ok(await page.locator(".tools").first().isHidden());
  assert.equal(
    await page.evaluate(() => getComputedStyle(document.body).backgroundColor),
    "rgb(255, 255, 255)",
  );
  const wide = await page.locator(".scroller").evaluate((e) => e.scrollWidth <= e.clientWidth);
  assert.ok(wide, "the whole timeline is on the paper");
  assert.ok((await page.pdf({ format: "A4" })).length > 10000);
  await close(page);
});

test("the index filters, opens a scenario and comes back", async () => {
  const page = await open(folder);
  assert.equal(await text(page, ".badge"), "FAIL");
  const rows = ".index tbody tr";
  const all = await count(page, rows);
  assert.equal(await count(page, `${rows}.broken`), 1);
  assert.match(await page.locator(rows).first().getAttribute("class"), /failed/);
  await page.getByRole("checkbox", { name: /^passed/ }).uncheck();
  assert.equal(await count(page, rows), 2);
  await page.getByRole("checkbox", { name: /^passed/ }).check();
  await page.getByRole("searchbox").fill("registry-503-once");
  assert.equal(await count(page, rows), 1);
  await page.locator(`${rows} a`).first().click();
  await page.waitForSelector(".timeline");
  assert.match(page.url(), /#registry-503-once$/);
  await page.getByRole("link", { name: "all scenarios" }).click();
  await page.waitForSelector(".overview");
  assert.equal(await count(page, rows), all);
  await page.goBack();
  await page.waitForSelector(".timeline");
  await close(page);
});

test("what did not hold is said first, and a title is only text", async () => {
  const page = await open(folder);
  await page.getByRole("link", { name: /does not hold/ }).click();
  assert.match(await text(page, ".failures"), /expected.+found/s);
  assert.match(await text(page, "h1"), /<\/script><b>does not hold/);
  await close(page);
});

test("the file is of a size that can be sent", () => {
  assert.ok(statSync(one).size < 2e6 && statSync(folder).size < 5e6);
});
