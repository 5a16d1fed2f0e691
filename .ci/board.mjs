// Opens the boards of fixtures/board in Chromium as a reader would, and says what is wrong with them. Run by `.ci/run browser`,
// which installs playwright-core; arguments: the folder of the fixtures, and optionally one for screenshots.
import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [fixtures, shots] = process.argv.slice(2);
const wrong = [];
const check = (good, words) => {
  if (!good) wrong.push(words);
};

/// In the page: every text whose contrast with what is behind it is below WCAG's AA (4.5, or 3 for large text).
function faint() {
  const channels = (color) => color.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((part) => (part / 255 <= 0.03928 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const color = channels(getComputedStyle(one).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest("script")) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(channels(style.color)), light(behind(element))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < (parseFloat(style.fontSize) >= 24 ? 3 : 4.5)) found.push(`${walker.currentNode.data.trim().slice(0, 40)}: ${contrast.toFixed(2)}`);
  }
  return found;
}

async function look(browser, name, url, colorScheme, width) {
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } });
  const page = await context.newPage();
  const place = `${name} (${colorScheme}, ${width} px)`;
  page.on("request", (request) => check(request.url() === url || request.url().startsWith("data:"), `${place}: asks for ${request.url()}`));
  page.on("console", (message) => check(!["error", "warning"].includes(message.type()), `${place}: console: ${message.text()}`));
  page.on("pageerror", (error) => check(false, `${place}: ${error}`));
  page.on("dialog", (dialog) => {
    check(false, `${place}: a dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  await page.goto(url);
  if (shots) await page.screenshot({ path: join(shots, `${name}-${colorScheme}-${width}.png`), fullPage: true });
  await page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = true)));
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  check(over <= 0, `${place}: the page is ${over} px too wide`);
  for (const text of await page.evaluate(faint)) check(false, `${place}: too faint: ${text}`);
  if (shots) await page.screenshot({ path: join(shots, `${name}-${colorScheme}-${width}-open.png`), fullPage: true });
  await context.close();
}

async function use(browser, name, url) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await page.goto(url);
  const shown = () => page.locator("tbody tr:visible").count();
  const focused = (what) => page.evaluate((what) => document.activeElement.matches(what), what);
  const all = await shown();
  const services = await page.locator("tbody th").allTextContents();

  await page.keyboard.press("/");
  check(await focused("#search"), `${name}: / does not go to the search`);
  await page.keyboard.type(services[0]);
  check((await shown()) >= 1 && ((await shown()) < all || all === 1), `${name}: the search for ${services[0]} shows ${await shown()} of ${all}`);
  await page.keyboard.press("Escape");
  check((await shown()) === all, `${name}: Escape does not end the search`);
  await page.keyboard.type("nothing has this");
  check((await shown()) === 0 && (await page.locator("#none").isVisible()), `${name}: an empty search does not say so`);
  await page.keyboard.press("Escape");

  for (const button of await page.locator(".summary button").all()) {
    const state = await button.evaluate((one) => one.closest("li").dataset.state);
    await button.press("Enter");
    const rows = await page.locator("tbody tr").filter({ has: page.locator(`.unit[data-states~="${state}"]`) }).count();
    check((await shown()) === rows, `${name}: the filter ${state} shows ${await shown()} rows, not ${rows}`);
    await button.press("Space");
    check((await shown()) === all, `${name}: the filter ${state} does not end`);
  }

  const first = page.locator("summary").first();
  if ((await first.count()) > 0) {
    await first.focus();
    await page.keyboard.press("Enter");
    check(await page.locator("details").first().evaluate((one) => one.open), `${name}: Enter does not open a unit`);
  }
  if ((await page.locator("tbody tr").first().locator("summary").count()) > 1) {
    await page.keyboard.press("ArrowRight");
    check(!(await first.evaluate((one) => one === document.activeElement)), `${name}: the arrow does not go to the next unit`);
  }
  check((await page.locator("a:not([href^='https://'])").count()) === 0, `${name}: a link that is no https URL`);
  for (const unit of await page.locator("a, button, summary, input").all()) {
    const label = await unit.evaluate((one) => one.getAttribute("aria-label") || one.textContent.trim());
    check(label, `${name}: something to press without a name`);
  }
  await context.close();

  const plain = await browser.newContext({ javaScriptEnabled: false });
  const bare = await plain.newPage();
  await bare.goto(url);
  check((await bare.locator("tbody tr:visible").count()) === all, `${name}: without scripts not everything is shown`);
  check(!(await bare.locator("#search").isVisible()), `${name}: without scripts there is a search that does nothing`);
  await plain.close();
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  env: { ...process.env, HOME: mkdtempSync(join(tmpdir(), "board-")) },
});
const cases = readdirSync(fixtures);
for (const name of cases) {
  const url = pathToFileURL(join(fixtures, name, "expected.html")).href;
  for (const scheme of ["light", "dark"]) for (const width of [1440, 768, 360]) await look(browser, name, url, scheme, width);
  await use(browser, name, url);
}
await browser.close();
if (wrong.length > 0) {
  console.error(wrong.join("\n"));
  process.exit(1);
}
console.log(`${cases.length} boards, light and dark, 1440, 768 and 360 px: as they should be`);
