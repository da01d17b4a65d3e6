// The page's own script, driven as readers do: pointer, keyboard, slider, lists, heads of tables.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { cleanUp, launch, open, samples } from "./open.mjs";

let browser, file, it;

before(async () => {
  file = samples().get("shop");
  browser = await launch();
});
after(async () => {
  await browser?.close();
  cleanUp();
});
beforeEach(async () => { it = await open(browser, file); });
afterEach(async () => {
  assert.deepEqual(it.said, []);
  await it.close();
});

const map = () => it.page.locator("figure.map").first();
const stage = (name) => map().locator(`.stage[aria-label^="${name}"]`);
// Ways that are lit while others are not: of each its two stages.
const lit = () => map().evaluate((own) => {
  const drawn = [...own.querySelectorAll(".way")].filter((way) => way.getAttribute("display") !== "none");
  return { all: drawn.length, lit: drawn.filter((way) => !way.classList.contains("dim")).map((way) => [way.dataset.from, way.dataset.to]) };
});

test("pointing at a stage lights its ways and no others", async () => {
  const id = await stage("Cart").getAttribute("data-id");
  await stage("Cart").hover();
  const { all, lit: ways } = await lit();
  assert.ok(ways.length > 0 && ways.length < all);
  assert.ok(ways.every((way) => way.includes(id)));
  await it.page.mouse.move(1, 1);
  assert.equal((await lit()).lit.length, all);
});

test("the keyboard does the same, opens the panel and closes it where it was", async () => {
  const id = await stage("Cart").getAttribute("data-id");
  await stage("Cart").focus();
  assert.ok((await lit()).lit.every((way) => way.includes(id)));
  await it.page.keyboard.press("Enter");
  const panel = map().locator(".panel");
  assert.ok(await panel.isVisible());
  assert.equal(await it.page.evaluate(() => document.activeElement.textContent), "Cart");
  await it.page.keyboard.press("Escape");
  assert.ok(await panel.isHidden());
  assert.equal(await it.page.evaluate(() => document.activeElement.dataset.id), id);
});

test("who came and who went on add up to all visits", async () => {
  await stage("Cart").click();
  const sums = await map().locator(".panel").evaluate((panel) => [...panel.querySelectorAll("table")].map((table) =>
    [...table.tBodies[0].rows].reduce((sum, row) => sum + Number(row.cells[1].textContent.replaceAll(",", "")), 0)));
  const visits = await map().locator(".panel p").first().textContent();
  const said = Number(visits.split(" ")[0].replaceAll(",", ""));
  assert.deepEqual(sums, [said, said]);
  await map().locator(".panel button").click();
  assert.ok(await map().locator(".panel").isHidden());
});

test("the slider draws more and less, and says what it hides", async () => {
  const range = map().locator("input[type=range]");
  const drawn = async () => (await lit()).all;
  const said = () => map().locator("output").textContent();
  const [least, most] = [await range.getAttribute("min"), await range.getAttribute("max")];
  await range.fill(least);
  const [few, words] = [await drawn(), await said()];
  assert.match(words, /^\d+ of \d+ transitions = \d+ % of moves$/);
  assert.equal(await range.getAttribute("aria-valuetext"), words);
  await range.fill(most);
  assert.ok(await drawn() > few);
  assert.notEqual(await said(), words);
  await range.focus();
  await it.page.keyboard.press("ArrowLeft");
  assert.equal(await range.inputValue(), String(Number(most) - 1));
});

test("the list of metrics changes what is written on the ways", async () => {
  const list = map().locator("select");
  const labels = () => map().evaluate((own) => [...own.querySelectorAll("svg text")].filter((text) => text.getBoundingClientRect().width > 0).map((text) => text.textContent).join("|"));
  const first = await labels();
  const values = await list.locator("option").evaluateAll((them) => them.map((own) => own.value));
  assert.ok(values.includes("moves") && values.includes("revenue") && values.includes("wait"));
  const seen = new Set([first]);
  for (const value of values.filter((own) => own !== "moves")) {
    await list.selectOption(value);
    seen.add(await labels());
  }
  assert.equal(seen.size, values.length, "two metrics look the same");
  await list.selectOption("moves");
  assert.equal(await labels(), first);
});

test("a table is sorted by its heads, by figures and by words", async () => {
  const part = it.page.locator(".part", { has: it.page.locator("h3", { hasText: /^Drop-off by stage$/ }) });
  await part.locator("summary").click();
  const head = part.locator("th", { hasText: /^exits$/ });
  const column = await head.evaluate((own) => own.cellIndex);
  const cells = (at) => part.locator(`tbody tr td:nth-child(${at + 1})`).allTextContents();
  const before = await cells(column);
  await head.locator("button").click();
  const numbers = (await cells(column)).map((own) => Number(own.replaceAll(",", "")));
  assert.deepEqual(numbers, [...numbers].sort((a, b) => b - a));
  assert.equal(await head.getAttribute("aria-sort"), "descending");
  await head.locator("button").press("Enter");
  assert.deepEqual((await cells(column)).map((own) => Number(own.replaceAll(",", ""))), [...numbers].reverse());
  assert.equal((await cells(column)).length, before.length);
  await part.locator("th", { hasText: /^stage$/ }).locator("button").click();
  const names = await cells(1);
  assert.deepEqual(names, [...names].sort((a, b) => b.localeCompare(a, "en")));
});

test("every control can be reached by the tab key and says its name", async () => {
  const reached = new Set();
  for (let step = 0; step < 60; step += 1) {
    await it.page.keyboard.press("Tab");
    reached.add(await it.page.evaluate(() => document.activeElement.matches("input,select,.stage") ? document.activeElement.localName : ""));
  }
  for (const name of ["input", "select", "g"]) assert.ok(reached.has(name), `${name} is not reached`);
  assert.ok(await it.page.getByLabel(/^Draw/).first().isVisible());
  assert.ok(await it.page.getByLabel(/^Show/).first().isVisible());
});
