const LANES = ["created", "running", "paused", "stopped", "removed"];
const [STEP, LANE, TOP, FIRST] = [96, 54, 14, 56]; // px: a step's width, a lane's height, above them, the first step
const ROOM = 14; // letters of a note that fit between two steps
const middle = (state) => TOP + (LANES.indexOf(state) + 0.5) * LANE;
const across = (index) => FIRST + index * STEP;

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

const rows = (steps) => steps.map(({ event, state, note }, index) => [`${index + 1}`, event || "-", state, note]);

function render({ model, el }) {
  const names = h("div", { class: "life-names", "aria-hidden": "true" });
  const strip = scrollStrip();
  const { root, tell } = pictureFrame("life", h("div", { class: "life-picture" }, names, strip));
  el.append(root);

  return follow(model, (view) => {
    const atEnd = strip.scrollLeft + strip.clientWidth >= strip.scrollWidth - STEP;
    names.replaceChildren(...LANES.map((state) => laneName(state, view)));
    strip.setAttribute("aria-label", `The life of ${view.name}; the arrow keys move along it`);
    strip.replaceChildren(picture(view));
    if (atEnd) window.requestAnimationFrame(() => (strip.scrollLeft = strip.scrollWidth));
    tell(view, `The steps as a table (${view.steps.length})`,
      table(["Step", "Event", "State after", "Note"], rows(view.steps)));
  });
}

export default { render };
