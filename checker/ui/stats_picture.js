const [WIDE, HIGH, FLOOR, ROOF, NOW] = [320, 92, 77, 16, 312]; // a chart's size and where its lines end, in its own units
const LETTER = 7; // units that a letter on a chart needs at most
const SIGNS = { created: "○", running: "▶", paused: "‖", stopped: "■", removed: "✕", "": "·" };
const NEAR = 0.9;
const MARKS = { ooms: ["✖", "out of memory"], throttled: ["▼", "throttled"] };

const size = (mb) => (mb >= 1024 ? `${+(mb / 1024).toFixed(1)} GB` : `${+mb.toFixed(mb < 10 ? 1 : 0)} MB`);
const cores = (value) => `${value.toFixed(2)} cores`;
const stateOf = ({ state }) => `${SIGNS[state]} ${state || "no container yet"}`;
const times = (count) => ["no", "once", "twice"][count] ?? `${count} times`;

/** Keep the last minute in the page. The kernel sends one second at a time, and none where nothing changes. */
function remember(model) {
  const [number, samples] = model.get("now");
  const rows = [...model.get("history")];
  const last = rows.at(-1) ?? [number - 1];
  for (let missed = last[0] + 1; missed < number; missed++) rows.push([missed, last[1]]);
  if (number > last[0]) rows.push([number, samples]);
  model.set("history", rows.slice(-model.get("view").kept)); // of this page alone, never saved
}

/** The samples of one container, as objects. */
const series = (history, index) => history.map(([, samples]) => {
  const [memory, cpu, ooms, throttled, throttledInAll] = samples[index];
  return { memory, cpu, ooms, throttled, throttledInAll };
});

/** The runs of samples for which `is` is true, as [first, length]. */
function runs(samples, is) {
  const found = [];
  samples.forEach((sample, index) => {
    if (!is(sample)) return;
    const last = found.at(-1);
    if (last && last[0] + last[1] === index) last[1] += 1;
    else found.push([index, 1]);
  });
  return found;
}

/** The next 1, 2 or 5 with zeros above a value: a scale that rests. */
function roundUp(value) {
  const unit = 10 ** Math.floor(Math.log10(value));
  return unit * ([1, 2, 5].find((one) => one * unit >= value) ?? 10);
}

/** How a chart lies: from a sample's place and value to its own units. */
function scale(samples, kept, key, limit) {
  const most = Math.max(...samples.map((sample) => sample[key] ?? 0), key === "memory" ? 1 : 0.1);
  const top = limit ? 1.3 * limit : roundUp(1.1 * most);
  return {
    top,
    across: (index) => NOW - (samples.length - 1 - index) * (NOW / (kept - 1)),
    up: (value) => FLOOR - (Math.min(value, top) / top) * (FLOOR - ROOF),
  };
}

/** The line of what was measured, and the area below it; a gap where nothing was. */
function line(samples, key, { across, up }) {
  return runs(samples, (sample) => sample[key] != null).flatMap(([first, length]) => {
    const points = samples.slice(first, first + length).map((one, index) => `${across(first + index)} ${up(one[key])}`);
    const d = `M${points.join("L")}${length > 1 ? "" : "h1"}`;
    return [s("path", { class: "stats-area", d: `${d}V${FLOOR}H${across(first)}Z` }), s("path", { class: "stats-line", d })];
  });
}

/** A sign at each point where the limit was met, on its line, and a word where there is room for one. */
function marks(samples, key, height, { across }) {
  const [sign, meaning] = MARKS[key];
  let free = 0;
  return runs(samples, (sample) => sample[key]).flatMap(([first, length]) => {
    const signs = Array.from({ length }, (_, index) =>
      s("text", { class: `stats-mark stats-${key}`, x: across(first + index), y: height + 4 }, sign));
    const wide = LETTER * (meaning.length + 2);
    const start = Math.max(0, Math.min(across(first) - 4, WIDE - wide));
    if (start < free) return signs;
    free = start + wide;
    return [...signs, s("text", { class: `stats-word stats-${key}`, x: start, y: height + 18 }, `${sign} ${meaning}`)];
  });
}

function chart(samples, kept, { key, marked, limit, limitText, write, label }) {
  const lies = scale(samples, kept, key, limit);
  const height = limit ? lies.up(limit) : ROOF;
  const bound = limit
    ? [s("path", { class: "stats-limit", d: `M0 ${height}H${WIDE}` }), s("text", { x: 0, y: height - 4 }, `limit ${limitText}`)]
    : [s("text", { x: 0, y: ROOF - 4 }, `top: ${write(lies.top)}`)];
  const rests = runs(samples, (sample) => sample[key] == null)
    .filter(([first, length]) => lies.across(first + length - 1) - lies.across(first) > 12 * LETTER)
    .map(([first]) => s("text", { x: lies.across(first) + 4, y: FLOOR - 5 }, "not running"));
  return s("svg", { role: "img", "aria-label": label, viewBox: `0 0 ${WIDE} ${HIGH}` },
    ...line(samples, key, lies), s("path", { class: "stats-floor", d: `M0 ${FLOOR}H${WIDE}` }),
    ...bound, ...rests, ...marks(samples, marked, height, lies),
    s("text", { x: 0, y: HIGH - 3 }, "1 minute ago"), s("text", { class: "stats-end", x: WIDE, y: HIGH - 3 }, "now"));
}

/** How much of its memory it uses, as a bar; without a limit, of the engine's machine. */
function bar(memory, { limit, machine }) {
  const top = limit ? 1.3 * limit : machine;
  const near = limit && memory >= NEAR * limit ? " stats-near" : "";
  const line = limit ? [s("path", { class: "stats-limit", d: `M${(WIDE * limit) / top} 0V14` })] : [];
  return s("svg", { class: "stats-bar", "aria-hidden": "true", viewBox: `0 0 ${WIDE} 14` },
    s("rect", { class: "stats-room", x: 0, y: 2, width: (WIDE * (limit || top)) / top, height: 10 }),
    s("rect", { class: `stats-used${near}`, x: 0, y: 2, width: (WIDE * Math.min(memory, top)) / top, height: 10 }), ...line);
}

/** What is used of what may be used, in words. */
function figures(state, value, room, write) {
  if (value == null) return state === "running" ? "not measured yet" : "nothing is used";
  const used = write(value);
  const [number, unit] = used.split(" ");
  if (room.limit) return `${room.text.endsWith(unit) ? number : used} of ${room.text}`;
  return `${used}, no limit: all of the engine's machine, ${room.text}`;
}

function memoryPart(one, samples, kept) {
  const { memory } = samples.at(-1);
  const room = one.memory;
  const near = room.limit && memory >= NEAR * room.limit ? ", near the limit" : "";
  const says = `${figures(one.state, memory, room, size)}${near}`;
  const label = `Memory of ${one.name} in the last minute. Now: ${says}. Out of memory: ${times(one.ooms)}.`;
  return h("div", {}, h("p", {}, h("strong", {}, "Memory "), says), bar(memory ?? 0, room),
    chart(samples, kept, { key: "memory", marked: "ooms", limit: room.limit, limitText: room.text, write: size, label }));
}

function cpuPart(one, samples, kept) {
  const { cpu, throttled, throttledInAll } = samples.at(-1);
  const room = one.cpu;
  const says = `${figures(one.state, cpu, room, cores)}${throttled ? ", throttled" : ""}`;
  const label = `CPU of ${one.name} in the last minute. Now: ${says}. Throttled: ${times(throttledInAll)}.`;
  return h("div", {}, h("p", {}, h("strong", {}, "CPU "), says),
    chart(samples, kept, { key: "cpu", marked: "throttled", limit: room.limit, limitText: room.text, write: cores, label }));
}

function card(one, samples, kept) {
  const drawn = one.memory && samples.some(({ memory, cpu, ooms }) => memory != null || cpu != null || ooms);
  const ooms = one.ooms ? h("span", { class: "stats-ooms" }, `✖ out of memory: ${times(one.ooms)}`) : null;
  return h("div", { class: "stats-card" },
    h("p", { class: "stats-head" }, h("strong", {}, one.name), h("span", { class: `stats-${one.state}` }, stateOf(one)), ooms),
    drawn ? h("div", { class: "stats-parts" }, memoryPart(one, samples, kept), cpuPart(one, samples, kept)) : null);
}

function row(one, samples) {
  const last = one.measured ? samples?.at(-1) : null;
  const used = (value, write) => (value == null ? "-" : write(value));
  const most = (room) => (!room ? "-" : room.limit ? room.text : `no limit (${room.text})`);
  return [one.name, stateOf(one), used(last?.memory, size), most(one.memory), used(last?.cpu, cores), most(one.cpu),
    last ? times(last.throttledInAll) : "-", times(one.ooms)];
}

function leftOut(view) {
  const rest = view.containers.length - view.drawn;
  return rest > 0 ? `Drawn and measured are the first ${view.drawn}. Of the other ${rest}, the table tells state and limits.` : "";
}

function initialize({ model }) {
  const listen = () => remember(model);
  model.on("change:now", listen);
  return () => model.off("change:now", listen);
}

function render({ model, el }) {
  const rest = h("p", { class: "course-meta" });
  const cards = h("div", { class: "stats-cards" });
  const { root, tell } = pictureFrame("stats", rest, cards);
  el.append(root);
  const head = ["Name", "State", "Memory", "Limit", "CPU", "Limit", "Throttled", "Out of memory"];

  const draw = () => {
    const [view, history] = [model.get("view"), model.get("history")];
    const all = view.containers.map((one, index) => (one.measured && history.length ? series(history, index) : null));
    rest.textContent = leftOut(view);
    cards.replaceChildren(...view.containers.flatMap((one, index) => (all[index] ? [card(one, all[index], view.kept)] : [])));
    const rows = view.containers.map((one, index) => row(one, all[index]));
    const unit = h("p", { class: "course-meta" }, "1 MB is 1024 × 1024 bytes, as where a limit is set.");
    tell(view, `The same as a table (${rows.length})`, h("div", {}, table(head, rows), unit));
  };
  const ends = [follow(model, draw), () => model.off("change:history", draw)];
  model.on("change:history", draw);
  return () => ends.forEach((end) => end());
}

export default { initialize, render };
