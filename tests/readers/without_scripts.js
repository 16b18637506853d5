// Opens pages made of hostile articles, with the page's own policy and without it, touches everything that can be touched, and says what
// ran, what was asked of another host, and what is wider than a telephone. Nothing is fetched but from BASE.
// `node without_scripts.js CHROMIUM BASE ADDRESS…`: JSON [[address, fault], ...].
const puppeteer = require("puppeteer-core");

// In the page: what a reader's hand and keyboard would do.
function touch() {
  const kinds = ["mouseover", "mouseenter", "mousemove", "click", "dblclick", "focus", "blur", "input", "change", "keydown", "keyup", "pointerover",
    "toggle", "wheel", "copy", "paste", "dragstart", "scroll", "animationend", "animationstart", "transitionend", "error", "load", "begin", "submit"];
  for (const element of document.querySelectorAll("main *")) {
    for (const kind of kinds) {
      if (kind === "click" && element.closest("a, button, form")) continue;
      element.dispatchEvent(new Event(kind, { bubbles: false, cancelable: true }));
    }
  }
  const links = [...document.querySelectorAll("[href], [src], [action], [formaction], [xlink\\:href], [data], [poster]")];
  return links.flatMap((element) => [...element.attributes])
    .map((attribute) => attribute.value.replace(/[\u0000-\u0020]/g, "").toLowerCase())
    .filter((value) => /^(javascript|vbscript|data:text|data:image\/svg|livescript|mocha)/.test(value));
}

(async () => {
  const [executablePath, base, ...addresses] = process.argv.slice(2);
  const browser = await puppeteer.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"] });
  const faults = [];
  for (const bypass of [false, true]) {
    const page = await browser.newPage();
    page.setDefaultTimeout(60000);
    await page.setViewport({ width: 360, height: 900 });
    await page.setBypassCSP(bypass);
    let address = "";
    const fault = (what) => faults.push([address, bypass ? `without the policy: ${what}` : what]);
    page.on("dialog", async (dialog) => { fault(`a dialog: ${dialog.message()}`); await dialog.dismiss(); });
    page.on("popup", () => fault("another window"));
    page.on("pageerror", (error) => fault(`a script failed: ${error.message}`));
    await page.setRequestInterception(true);
    page.on("request", (request) => {
      const url = request.url();
      if (url.startsWith(base)) return request.continue();
      // A picture may stand elsewhere; anything else may not.
      if (!url.startsWith("data:") && request.resourceType() !== "image" && request.resourceType() !== "media") fault(`asks for ${request.resourceType()} ${url}`);
      return request.abort();
    });
    const client = await page.createCDPSession();
    await client.send("Debugger.enable");
    // Everything that is compiled as a script, handlers in attributes included, bears the page's address; our own does not.
    client.on("Debugger.scriptParsed", (script) => {
      if (script.url.startsWith("http") || script.url.startsWith("javascript") || script.url.startsWith("data")) fault(`a script: ${script.url}`);
    });
    for (address of addresses) {
      await page.goto(address, { waitUntil: "load" });
      if (page.url().split("#")[0] !== address) fault(`leads to ${page.url()}`);
      for (const value of await page.evaluate(touch)) fault(`an address that runs: ${value.slice(0, 60)}`);
      const refresh = await page.evaluate(() => document.querySelectorAll("meta[http-equiv], base, main script, main style, main iframe, main object, main embed, main form:not([role])").length);
      if (refresh > 0) fault("an element that has no place in an article");
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (wide > 0) fault(`wider than the window by ${wide} pixels`);
    }
    await page.close();
  }
  await browser.close();
  process.stdout.write(JSON.stringify(faults));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
