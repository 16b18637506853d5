// Opens each page in a real browser, at phone and desk width, light and dark, and has axe-core look at it. Prints what is
// wrong as JSON: [[address, width, scheme, fault], ...]. `node with_browser.js CHROMIUM ADDRESS…`
const axe = require("axe-core");
const puppeteer = require("puppeteer-core");

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
  }
  await browser.close();
  process.stdout.write(JSON.stringify(faults));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
