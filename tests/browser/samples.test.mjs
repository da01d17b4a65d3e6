// Every sample at every look: nothing is said, nothing is fetched, nothing is cut off, and an
// accessibility checker finds nothing that matters.
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { attacked } from "./attacks.mjs";
import { cleanUp, launch, looks, open, samples } from "./open.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let browser, files;

before(async () => {
  files = samples();
  files.set("attacked", attacked());
  browser = await launch();
});
after(async () => {
  await browser?.close();
  cleanUp();
});

// What the checker holds to be serious, as lines.
async function serious(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(async () => (await globalThis.axe.run(document, { resultTypes: ["violations"] })).violations);
  return found
    .filter((it) => ["serious", "critical"].includes(it.impact))
    .flatMap((it) => it.nodes.slice(0, 5).map((node) => `${it.id}: ${node.target} ${node.failureSummary}`));
}

for (const name of ["shop", "grocer", "attacked"]) {
  for (const look of looks.keys()) {
    test(`${name}, ${look}: silent, whole and accessible`, async () => {
      const { page, said, close } = await open(browser, files.get(name), look);
      const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
      assert.ok(wide <= room, `the page is ${wide} wide in ${room}`);
      // Also what is behind a click.
      await page.evaluate(() => { for (const it of document.querySelectorAll("details")) it.open = true; });
      assert.deepEqual(await serious(page), []);
      const opened = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
      assert.ok(opened[0] <= opened[1], `with tables open the page is ${opened[0]} wide in ${opened[1]}`);
      assert.deepEqual(said, []);
      await close();
    });
  }

  test(`${name}: whole without scripts`, async () => {
    const { page, said, close } = await open(browser, files.get(name), "light", { javaScriptEnabled: false });
    assert.equal(await page.locator("h1").count(), 1);
    assert.equal(await page.locator("section.story li").count(), 5);
    assert.ok(await page.locator("figure.map svg").first().isVisible());
    assert.equal(await page.locator(".controls:visible, .panel:visible").count(), 0, "controls that do nothing");
    const table = page.locator("details").first();
    await table.locator("summary").click();
    assert.ok(await table.locator("table").isVisible());
    assert.deepEqual(said, []);
    await close();
  });

  test(`${name}: on paper`, async () => {
    const { page, said, close } = await open(browser, files.get(name), "dark");
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    for (const gone of ["nav", ".controls", ".panel"]) {
      assert.equal(await page.locator(`${gone}:visible`).count(), 0, `${gone} is printed`);
    }
    const colors = await page.evaluate(() => {
      const style = getComputedStyle(document.body);
      return [style.color, style.backgroundColor];
    });
    assert.deepEqual(colors, ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]);
    assert.ok((await page.pdf({ format: "A4" })).length > 20_000);
    assert.deepEqual(said, []);
    await close();
  });
}

for (const name of ["shop", "grocer"]) {
  test(`${name}: small enough to mail`, () => {
    const size = statSync(files.get(name)).size;
    assert.ok(size < 500_000, `${size} bytes`);
  });
}

test("every picture has a title, words and a table beside it", async () => {
  const { page, close } = await open(browser, files.get("shop"));
  const bad = await page.evaluate(() => [...document.querySelectorAll("figure svg")].filter((it) => {
    const has = (name) => [...it.children].some((child) => child.tagName === name && child.textContent.trim());
    return !has("title") || !has("desc") || !it.closest("section").querySelector("table");
  }).map((it) => it.outerHTML.slice(0, 120)));
  assert.deepEqual(bad, []);
  await close();
});

test("attack strings stand in the page as they are, and do nothing", async () => {
  const { page, said, close } = await open(browser, files.get("attacked"));
  const tags = await page.evaluate(() => [...new Set([...document.querySelectorAll("body *")].map((it) => it.localName))].sort());
  const known = ["a", "b", "button", "caption", "circle", "dd", "desc", "details", "div", "dl", "dt", "figure", "g",
    "h1", "h2", "h3", "header", "input", "label", "li", "main", "nav", "ol", "option", "output", "p", "path", "rect",
    "script", "section", "select", "span", "summary", "svg", "table", "tbody", "td", "text", "th", "thead", "title",
    "tr", "ul", "ellipse", "line", "polygon", "tspan"];
  assert.deepEqual(tags.filter((it) => !known.includes(it)), []);
  const odd = await page.evaluate(() => [...document.querySelectorAll("*")].flatMap((it) => [...it.attributes]
    .filter((own) => own.name.startsWith("on") || own.name === "style" || (own.name.endsWith("href") && !own.value.startsWith("#")) || own.name === "src")
    .map((own) => `${it.localName} ${own.name}=${own.value}`)));
  assert.deepEqual(odd, []);
  // Each stage is pressed: its panel names it, whatever it is called.
  const stages = page.locator("figure.map").first().locator(".stage.press");
  const names = await page.evaluate(() => JSON.parse(document.querySelector("figure.map script").textContent).stages.map((it) => it[0]));
  assert.ok(await stages.count() > 20, "few stages are drawn");
  for (let at = 0; at < await stages.count(); at += 1) {
    const stage = stages.nth(at);
    const id = await stage.getAttribute("data-id");
    await stage.focus();
    await page.keyboard.press("Enter");
    const title = await page.locator(".panel h3").first().evaluate((it) => it.textContent);
    assert.equal(title, names[Number(id.slice(1))]);
  }
  for (const trap of ["constructor", "__proto__", "toString", "hasOwnProperty"]) assert.ok(names.includes(trap), trap);
  assert.deepEqual(said, []);
  await close();
});
