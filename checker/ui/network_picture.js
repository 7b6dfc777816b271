const SIGNS = { yes: "✔", refused: "▲", paused: "Ⅱ", trying: "…", "not tried": "○" };
const KINDS = {
  "user-defined": "user-defined: its containers know each other by name",
  default: "the default network: it knows no names",
  host: "the engine's machine's own network",
  none: "no network: nothing leads in or out",
};
const STATES = { running: "● running", paused: "Ⅱ paused: nobody answers", exited: "■ stopped", created: "○ not started" };
const MEANINGS = {
  "name unknown": "no name server that was asked knows this name. A network knows the names of its own containers only.",
  "no answer": "nothing comes back. The engine keeps networks apart.",
  refused: "the way is open, and nobody listens at that port for others.",
  "no way there": "no way leads out of the network that it was tried from.",
  "closed at once": "the engine takes the connection, and nothing inside answers. It may listen on its own `127.0.0.1` only.",
  "no address of its own": "it has no place in a network of containers.",
  paused: "the connection is taken, and the process is paused: it answers nothing.",
};
const ITSELF = "itself: its localhost";
const place = ({ host_ip: ip, host_port: port }) => (ip ? `${ip.includes(":") ? `[${ip}]` : ip}:${port}` : `every interface, port ${port}`);
const ports = (list) => `port${list.length > 1 ? "s" : ""} ${list.slice(0, 3).join(", ")}${list.length > 3 ? ` and ${list.length - 3} more` : ""}`;
const more = (count, what) => (count ? h("p", { class: "net-more" }, `${count} more ${what}`) : null);

/** A word with its sign. */
function verdict(word, before = "") {
  const kind = { yes: "good", refused: "warn", paused: "warn", trying: "open", "not tried": "open" }[word] ?? "bad";
  return h("span", { class: `net-verdict net-${kind}` },
    before ? h("span", { class: "net-what" }, `${before} `) : null,
    h("span", { "aria-hidden": "true" }, `${SIGNS[word] ?? "✘"} `), word);
}

function listening(heard) {
  if (!heard) return null;
  const { outside, inside } = heard;
  if (outside.length) return h("p", {}, `listens on ${ports(outside)}`);
  if (inside.length) return h("p", { class: "net-warn" }, `▲ listens on ${ports(inside)} of its own 127.0.0.1 only`);
  return h("p", {}, "listens on no port");
}

function container(one, view) {
  const others = one.names.filter((name) => name !== one.name);
  return h("li", { class: "net-container" },
    h("h4", {}, one.name),
    h("p", {}, STATES[one.state] ?? one.state, one.address ? ` · ${one.address}` : ""),
    others.length ? h("p", {}, `also called ${others.join(", ")}`) : null,
    listening(view.tried.listens[one.name]),
    one.also.length ? h("p", {}, `⇄ also in ${one.also.join(", ")}`) : null,
    one.shares.length ? h("p", {}, `shares its network with ${one.shares.join(", ")}`) : null);
}

function network(one, view) {
  const kind = one.there ? `${KINDS[one.kind]}${one.internal ? "; internal: no way leads out" : ""}` : "not there yet";
  const empty = one.there && !one.members.length ? h("p", {}, "No container is in it.") : null;
  return h("section", { class: `net-network${one.there ? "" : " net-absent"}` },
    h("h3", {}, one.name, h("small", {}, kind)), empty,
    h("ul", {}, ...one.members.map((member) => container(member, view))),
    more(one.left_out, "containers are in it."));
}

const answerOf = (view, there) =>
  view.tried.answers.find((one) => one.host_ip === there.host_ip && one.host_port === there.host_port);

function published(there, view) {
  const answer = answerOf(view, there);
  return h("li", {}, h("strong", {}, place(there)), ` → ${there.container}, port ${there.port}/${there.protocol} `,
    there.host_ip ? null : h("span", { class: "net-verdict net-warn" }, "▲ open to whoever reaches your machine "),
    answer ? verdict(answer.outcome, "answers:") : null,
    answer?.elsewhere ? " (tried on the engine's machine, which is not this one)" : null);
}

function machine(view) {
  if (!view.networks.some((one) => one.members.length)) return null;
  const lines = view.published.map((there) => published(there, view));
  return h("section", { class: "net-network net-machine" },
    h("h3", {}, "your machine", h("small", {}, "it reaches what is published")),
    lines.length ? h("ul", {}, ...lines) : h("p", {}, "No port is published."));
}

/** What is known of a pair, or that it is not known. */
function found(view, source, target) {
  const cell = view.tried.cells.find((one) => one.source === source && one.target === target);
  const open = view.tried.state === "running" ? "trying" : "not tried";
  return cell ?? { by_name: open, by_address: open };
}

function matrix(view) {
  const { sources, targets } = view.tried;
  const cell = (source, target) => {
    if (source === target) return h("td", { class: "net-itself" }, ITSELF);
    const { by_name, by_address } = found(view, source, target);
    return h("td", {}, verdict(by_name, "name:"), verdict(by_address, "address:"));
  };
  const head = ["from ↓  to →", ...targets].map((text) => h("th", { scope: "col" }, text));
  const lines = sources.map((source) =>
    h("tr", {}, h("th", { scope: "row" }, source), ...targets.map((target) => cell(source, target))));
  return h("table", { class: "net-matrix" }, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...lines));
}

/** What the words mean that are to be seen. */
function meanings({ cells, answers }) {
  const words = new Set([...cells.flatMap((one) => [one.by_name, one.by_address]), ...answers.map((one) => one.outcome)]);
  return Object.entries(MEANINGS).filter(([word]) => words.has(word)).map(([word, text]) =>
    h("li", {}, h("strong", {}, word), ": ", ...prose(text)));
}

function rows(view) {
  const pairs = view.tried.sources.flatMap((source) => view.tried.targets.filter((one) => one !== source)
    .map((target) => [source, target, ...[found(view, source, target)].flatMap((one) => [one.by_name, one.by_address])]));
  const outside = view.tried.answers.map((one) => ["your machine", `${one.container} at ${place(one)}`, "-", one.outcome]);
  return [...pairs, ...outside];
}

function render({ model, el }) {
  const lanes = h("div", { class: "net-lanes" });
  const heading = h("h3", {}, "Who reaches whom");
  const again = h("button", { type: "button", class: "course-main" });
  const stop = h("button", { type: "button" }, "Stop");
  const buttons = h("div", { class: "course-buttons" }, again, stop);
  const age = h("p", { class: "net-age" });
  const strip = scrollStrip();
  strip.setAttribute("aria-label", "Who reaches whom; the arrow keys move along it");
  const words = h("ul", { class: "net-meanings" });
  const { root, tell } = pictureFrame("network", lanes, heading, buttons, age, strip, words);
  el.append(root);
  again.addEventListener("click", () => again.getAttribute("aria-disabled") || model.send({ do: "try" }));
  stop.addEventListener("click", () => stop.getAttribute("aria-disabled") || model.send({ do: "stop" }));
  const usable = (button, yes) => (yes ? button.removeAttribute("aria-disabled") : button.setAttribute("aria-disabled", "true"));

  return follow(model, (view) => {
    const { tried } = view;
    const running = tried.state === "running";
    const lost = more(view.left_out, "networks are not drawn. Name those that you want to see.");
    lanes.replaceChildren(...[machine(view), ...view.networks.map((one) => network(one, view)), lost].filter(Boolean));
    again.textContent = tried.state ? "Try again" : "Try";
    usable(again, view.live && !running);
    usable(stop, running);
    age.hidden = !tried.old && !tried.beyond;
    age.textContent = [tried.old ? "▲ Old: this was tried before the last change." : "",
      tried.beyond ? `${tried.beyond} more containers are not tried.` : ""].join(" ").trim();
    strip.hidden = tried.targets.length < 2;
    strip.replaceChildren(matrix(view));
    words.replaceChildren(...meanings(tried));
    const all = rows(view);
    tell(view, `The tries as a table (${all.length})`, table(["From", "To", "By name", "By address"], all));
  });
}

export default { render };
