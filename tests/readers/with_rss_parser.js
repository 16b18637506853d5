// Reads each feed with rss-parser and prints what it read, as JSON: {address: [[id, title, link, date], ...]}.
const Parser = require("rss-parser");

(async () => {
  const read = {};
  for (const address of process.argv.slice(2)) {
    const feed = await new Parser().parseURL(address);
    read[address] = feed.items.map((item) => [item.guid ?? item.id, item.title, item.link, Date.parse(item.isoDate) / 1000]);
  }
  process.stdout.write(JSON.stringify(read));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
