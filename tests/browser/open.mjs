// Opens reports in a real browser. Knows where the program and the browser are, makes the
// reports to look at, and writes down all that a page does: words on the console, errors,
// requests, dialogs.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const program = resolve(process.env.TOUCHPATH ?? join(root, "target/debug/touchpath"));
const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

// A folder for all reports of a run; gone in the end.
export const folder = mkdtempSync(join(tmpdir(), "touchpath-browser-"));
export const cleanUp = () => rmSync(folder, { recursive: true, force: true });

export function touchpath(...args) {
  return execFileSync(program, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] }).toString();
}

export function write(name, text) {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

// The pages of the samples, by name.
export function samples() {
  touchpath("demo", "demo", "--quiet");
  touchpath("report", join(root, "journeys/grocer"), "-o", "grocer", "--quiet");
  return new Map([
    ["shop", join(folder, "demo/report/index.html")],
    ["grocer", join(folder, "grocer/index.html")],
  ]);
}

export function launch() {
  const executablePath = process.env.CHROMIUM ?? places.find((it) => existsSync(it));
  if (!executablePath) throw new Error("no Chromium here: name it by CHROMIUM");
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}

// Looks at which a page must be good.
export const looks = new Map([
  ["light", { colorScheme: "light", viewport: { width: 1200, height: 900 } }],
  ["dark", { colorScheme: "dark", viewport: { width: 1200, height: 900 } }],
  ["phone", { colorScheme: "light", viewport: { width: 420, height: 860 }, hasTouch: true }],
]);

// Opens a file in a context of its own; `said` holds whatever the page should not do.
export async function open(browser, file, look = "light", more = {}) {
  const context = await browser.newContext({ ...looks.get(look), reducedMotion: "reduce", ...more });
  const page = await context.newPage();
  const said = [];
  const address = pathToFileURL(file).href;
  page.on("console", (it) => said.push(`console: ${it.text()}`));
  page.on("pageerror", (it) => said.push(`error: ${it.message}`));
  page.on("dialog", (it) => { said.push(`dialog: ${it.message()}`); it.dismiss(); });
  page.on("request", (it) => { if (it.url().split("#")[0] !== address) said.push(`request: ${it.url()}`); });
  page.on("popup", (it) => said.push(`window: ${it.url()}`));
  await page.goto(address);
  return { page, said, close: () => context.close() };
}
