// Takes pictures of mails in a real browser, as a phone and a desk show them, by day and by night.
// `node pictures_of_mails.js CHROMIUM FOLDER FILE…`: FOLDER/NAME-WIDTH-SCHEME.webp of each FILE (NAME.html).
const path = require("path");
const puppeteer = require("puppeteer-core");

(async () => {
  const [executablePath, folder, ...files] = process.argv.slice(2);
  const browser = await puppeteer.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"] });
  const page = await browser.newPage();
  for (const file of files) {
    for (const width of [360, 700]) {
      await page.setViewport({ width, height: 900, deviceScaleFactor: 1 });
      for (const scheme of ["light", "dark"]) {
        await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
        await page.goto(`file://${file}`, { waitUntil: "load" });
        const name = `${path.basename(file, ".html")}-${width}-${scheme}.webp`;
        await page.screenshot({ path: path.join(folder, name), type: "webp", quality: 70, fullPage: true });
      }
    }
  }
  await browser.close();
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
