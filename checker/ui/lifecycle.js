const LANES = ["created", "running", "paused", "stopped", "removed"];
const [STEP, LANE, TOP, FIRST] = [96, 54, 14, 56]; // px: a step's width, a lane's height, above them, the first step
const ROOM = 14; // letters of a note that fit between two steps
const middle = (state) => TOP + (LANES.indexOf(state) + 0.5) * LANE;
const across = (index) => FIRST + index * STEP;

/** Make an SVG element, as h() makes one of HTML. */
function s(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** The line from one step to the next: level where the state stays, a curve where it changes. */
function way(steps, index) {
  const [x1, y1] = [across(index - 1), middle(steps[index - 1].state)];
  const [x2, y2] = [across(index), middle(steps[index].state)];
  const bend = (x2 - x1) / 2;
  const anew = steps[index].event === "create"; // another container: nothing leads to it
  const d = `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
  return s("path", { class: `life-way${anew ? " life-anew" : ""}`, d });
}

/** Break a note into lines that fit between two steps; the table has all of it. */
function lines(note) {
  const found = [];
  for (const word of note.split(" ")) {
    const longer = `${found.at(-1)} ${word}`;
    if (found.length && longer.length <= ROOM) found[found.length - 1] = longer;
    else found.push(word.length > ROOM ? `${word.slice(0, ROOM - 1)}…` : word);
  }
  return found.slice(0, 2);
}

function point(steps, index) {
  const { event, state, note } = steps[index];
  const [x, y] = [across(index), middle(state)];
  const moved = index === 0 || steps[index - 1].state !== state;
  const below = lines(note).map((line, row) => s("text", { class: "life-note", x, y: y + 19 + 11 * row }, line));
  return [
    s("circle", { class: `life-point life-${state}${moved ? "" : " life-stays"}`, cx: x, cy: y, r: moved ? 6 : 4 }),
    s("text", { class: "life-event", x, y: y - 11 }, event),
    ...below,
  ];
}

function picture(view) {
  const { steps } = view;
  const width = across(Math.max(steps.length - 1, 4)) + FIRST;
  const height = TOP + LANES.length * LANE + 6;
  const lanes = LANES.map((state, index) =>
    s("rect", {
      class: `life-lane${state === view.state ? " life-now" : ""}`,
      x: 0, y: TOP + index * LANE, width: "100%", height: LANE,
    }));
  const ways = steps.slice(1).map((_, index) => way(steps, index + 1));
  const points = steps.flatMap((_, index) => point(steps, index));
  const label = `The path of ${view.name} through its states. The table of steps says the same.`;
  return s("svg", { role: "img", "aria-label": label, width, height },
    ...lanes, ...ways, ...points);
}

function laneName(state, view) {
  const now = state === view.state;
  return h("span", { class: now ? "life-now" : "" }, state, now ? h("small", {}, view.live ? "now" : "last seen") : null);
}

function table(steps) {
  const head = ["Step", "Event", "State after", "Note"].map((label) => h("th", { scope: "col" }, label));
  const body = steps.map(({ event, state, note }, index) =>
    h("tr", {}, ...[`${index + 1}`, event || "-", state, note].map((cell) => h("td", {}, cell))));
  return h("table", {}, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...body));
}

function troubleLines(trouble) {
  if (!trouble) return [];
  const next = trouble.next ? [h("p", {}, h("strong", {}, "Next: "), ...prose(trouble.next))] : [];
  return [h("p", {}, ...prose(trouble.message)), ...next];
}

function render({ model, el }) {
  const status = h("p", { class: "course-status", role: "status", "aria-live": "polite" });
  const trouble = h("div", { class: "course-message" });
  const names = h("div", { class: "life-names", "aria-hidden": "true" });
  // JupyterLab would take the arrow keys for its cells.
  const strip = h("div", { class: "life-strip", tabindex: "0", role: "group", "data-lm-suppress-shortcuts": true });
  strip.addEventListener("keydown", ({ key }) => {
    if (key === "Home") strip.scrollLeft = 0;
    if (key === "End") strip.scrollLeft = strip.scrollWidth;
  });
  const summary = h("summary", {});
  const steps = h("div", {});
  const details = h("details", {}, summary, steps);
  el.append(h("section", { class: "course course-life" }, status, trouble,
    h("div", { class: "life-picture" }, names, strip), details));

  return follow(model, (view) => {
    const atEnd = strip.scrollLeft + strip.clientWidth >= strip.scrollWidth - STEP;
    if (status.textContent !== view.say) status.textContent = view.say;
    trouble.replaceChildren(...troubleLines(view.trouble));
    names.replaceChildren(...LANES.map((state) => laneName(state, view)));
    strip.setAttribute("aria-label", `The life of ${view.name}; the arrow keys move along it`);
    strip.replaceChildren(picture(view));
    if (atEnd) window.requestAnimationFrame(() => (strip.scrollLeft = strip.scrollWidth));
    summary.textContent = `The steps as a table (${view.steps.length})`;
    steps.replaceChildren(table(view.steps));
  });
}

export default { render };
