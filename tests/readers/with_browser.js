// Languages, headings and tables are looked at beyond what axe does; then everything is read in a window of 320 pixels
// (WCAG 1.4.10), and in one of 360 at twice its size (1.4.4). What can be pressed is 24 pixels wide and high (2.5.8).
//
// Opens each page in a real browser, at phone and desk width, light and dark, and has axe-core look at it. Prints what is
// wrong as JSON: [[address, width, scheme, fault], ...]. `node with_browser.js CHROMIUM ADDRESS…`
const axe = require("axe-core");
const puppeteer = require("puppeteer-core");

// In the page: the document's language, one heading of the first rank, tables that are layout say so, and each headline is marked
// with the language of the article that it leads to.
function structure(isMail) {
  const faults = [];
  const own = document.documentElement.lang;
  if (!/^(en|sr-Latn|sr-Cyrl)$/.test(own)) faults.push(`the document's language is “${own}”`);
  const first = document.querySelectorAll("h1").length;
  if (first !== 1) faults.push(`${first} headings of the first rank`);
  for (const table of document.querySelectorAll("table")) {
    if (!table.querySelector("th, caption") && !/^(presentation|none)$/.test(table.getAttribute("role") ?? "")) {
      faults.push(`a layout table is not marked as such: ${table.className}`);
    }
  }
  if (!isMail) return faults;
  for (const link of document.querySelectorAll("h1 a[href*='/articles/'], h2 a[href*='/articles/']")) {
    const path = new URL(link.href).pathname;
    const theirs = path.startsWith("/sr-latn/") ? "sr-Latn" : path.startsWith("/sr-cyrl/") ? "sr-Cyrl" : "en";
    const marked = link.closest("[lang]").lang;
    if (marked !== theirs) faults.push(`“${link.textContent}” is marked as ${marked}`);
  }
  return faults;
}

// In the page: every text at twice its size; what then needs to be scrolled sideways, or is cut off.
function twice() {
  const texts = [...document.body.querySelectorAll("*")].filter((element) =>
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim()) && element.getClientRects().length);
  const sizes = texts.map((element) => {
    const style = getComputedStyle(element);
    return [parseFloat(style.fontSize) * 2, style.lineHeight === "normal" ? "normal" : `${parseFloat(style.lineHeight) * 2}px`];
  });
  texts.forEach((element, n) => {
    element.style.setProperty("font-size", `${sizes[n][0]}px`, "important");
    element.style.setProperty("line-height", sizes[n][1], "important");
  });
  const faults = [];
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide > 0) faults.push(`wider than the window by ${wide} pixels`);
  for (const element of texts) {
    const box = element.getBoundingClientRect();
    const hidden = getComputedStyle(element).overflow === "hidden" && element.scrollHeight > element.clientHeight + 2 && box.width > 2;
    if (hidden) faults.push(`cut off: ${element.textContent.trim().slice(0, 40)}`);
  }
  return faults;
}

// In the page: what can be pressed and stands in no sentence, smaller than 24 pixels.
function pressed() {
  const faults = [];
  for (const element of document.querySelectorAll("a[href], button, input, select")) {
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    if (box.width <= 1 || element.closest(".skip, .unseen")) continue;
    // In running text the line's height is enough (2.5.8, inline).
    const line = element.parentElement.closest("p:not(.meta, .formats), .body, h1, h2, h3, li, address, dd, th");
    if (style.display === "inline" && line && line.textContent.trim() !== element.textContent.trim()) continue;
    if (box.height < 24 || box.width < 24) faults.push(`${box.width.toFixed()}×${box.height.toFixed()} pixels to press: ${element.textContent.trim().slice(0, 30)}`);
  }
  return faults;
}

(async () => {
  const [executablePath, ...addresses] = process.argv.slice(2);
  const browser = await puppeteer.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  const faults = [];
  const page = await browser.newPage();
  page.setDefaultTimeout(60000);
  for (const address of addresses) {
    for (const width of [360, 1280]) {
      await page.setViewport({ width, height: 900 });
      for (const scheme of ["light", "dark"]) {
        await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
        const fault = (what) => faults.push([address, width, scheme, what]);
        // A page that says "404" is looked at as well.
        const heard = (message) =>
          message.type() === "error" && message.location().url !== address && fault(`console: ${message.text()}`);
        page.on("console", heard);
        await page.goto(address, { waitUntil: "load" });
        page.off("console", heard);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (wide > 0) fault(`wider than the window by ${wide} pixels`);
        // Not in the page's own world, so that its content security policy stays as it is.
        const client = await page.createCDPSession();
        const { frameTree } = await client.send("Page.getFrameTree");
        const { executionContextId } = await client.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id });
        const run = (expression) =>
          client.send("Runtime.evaluate", { expression, contextId: executionContextId, awaitPromise: true, returnByValue: true });
        await run(axe.source);
        // A mail stands inside its reader's page, which has the landmarks.
        const rules = address.startsWith("file:") ? "{ region: { enabled: false }, 'landmark-one-main': { enabled: false } }" : "{}";
        const answer = await run(`axe.run({ resultTypes: ['violations'], rules: ${rules} }).then((found) => JSON.stringify(found.violations))`);
        if (answer.exceptionDetails) fault(`axe: ${JSON.stringify(answer.exceptionDetails)}`);
        for (const violation of JSON.parse(answer.result.value ?? "[]")) {
          fault(`${violation.id}: ${violation.help} (${violation.nodes.map((node) => node.target.join(" ")).slice(0, 3).join("; ")})`);
        }
        await client.detach();
      }
    }
    for (const what of await page.evaluate(structure, address.startsWith("file:"))) faults.push([address, 0, "any", what]);
    const overflow = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
    await page.setViewport({ width: 320, height: 900 });
    const reflowed = await page.evaluate(overflow);
    if (reflowed > 0) faults.push([address, 320, "any", `wider than the window by ${reflowed} pixels`]);
    await page.setViewport({ width: 360, height: 900 });
    if (!address.startsWith("file:")) {
      for (const what of await page.evaluate(pressed)) faults.push([address, 360, "any", what]);
    }
    for (const what of await page.evaluate(twice)) faults.push([address, 360, "text at 200 %", what]);
  }
  await browser.close();
  process.stdout.write(JSON.stringify(faults));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
