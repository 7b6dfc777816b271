// Answers /soup with the price of a soup, and / with the whole menu.
const http = require("http");
const { priceTag } = require("price-tag"); // the dependency: npm puts it into node_modules
const menu = require("./menu.json");

function answer(path) {
  const dish = decodeURIComponent(path.slice(1));
  if (dish === "") return Object.keys(menu).map((one) => `${one}: ${priceTag(menu[one])}\n`).join("");
  return dish in menu ? `${dish}: ${priceTag(menu[dish])}\n` : "";
}

http
  .createServer((request, response) => {
    const text = answer(request.url);
    response.writeHead(text ? 200 : 404, { "Content-Type": "text/plain" });
    response.end(text || "not on the menu\n");
  })
  .listen(8080, () => console.log("menu: listening on port 8080"));

process.on("SIGTERM", () => process.exit(0));
