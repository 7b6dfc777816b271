const ROLES = {
  image: ["◉", "this is the image"], used: ["○", "stays behind"],
  "left out": ["✕", "not built"], "other image": ["▢", "another image"],
};
let pictures = 0; // so that each picture's arrows have a tip of their own
const WIDTH = 230, HEIGHT = 78, GAP = 18, EDGE = 12, LANE = 14, LABEL = 200;

const short = (text, letters) => (text.length > letters ? `${text.slice(0, letters - 1)}…` : text);

function box(node, y) {
  const [sign, word] = ROLES[node.role];
  const line = (down, text, style = "") => s("text", { x: EDGE + 10, y: y + down, class: style }, text);
  const count = node.steps.length, steps = count === 1 ? "1 step" : `${count} steps`;
  const about = node.role === "other image" ? "" : `on ${short(node.base, 28)}, ${steps}`;
  return s("g", { class: `stage-box stage-${node.role.replace(" ", "-")}` },
    s("title", {}, [node.name, ...node.steps].join("\n")),
    s("rect", { x: EDGE, y, width: WIDTH, height: HEIGHT, rx: 5 }),
    line(22, short(node.name, 28), "stage-name"), line(43, about), line(66, `${sign} ${word}`, "stage-role"));
}

/** An arrow on the right side, from one stage to another, in a lane of its own; what is taken stands at its end. */
function arrow(edge, y1, y2, lane, lanes, tip) {
  const right = EDGE + WIDTH, turn = right + 12 + LANE * lane;
  return s("g", { class: `stage-arrow stage-of-${edge.kind}` },
    s("title", {}, `${edge.what}, from ${edge.source} to ${edge.target}`),
    s("path", { d: `M${right} ${y1} H${turn} V${y2} H${right + 6}`, "marker-end": `url(#${tip})` }),
    s("text", { x: right + 12 + LANE * lanes, y: y2 + 4 }, short(edge.what, 26)));
}

/** The stages from top to bottom, as the Dockerfile has them; other images above. */
function drawing(view) {
  const nodes = [...view.nodes].sort((one, other) => (other.role === "other image") - (one.role === "other image"));
  const top = new Map(nodes.map((node, row) => [node.name, EDGE + row * (HEIGHT + GAP)]));
  const id = `stage-tip-${(pictures += 1)}`, lanes = Math.max(1, view.edges.length), arrived = new Map();
  const arrows = view.edges.filter(({ source, target }) => top.has(source) && top.has(target)).map((edge, lane) => {
    const place = arrived.get(edge.target) ?? 0;
    arrived.set(edge.target, place + 1);
    return arrow(edge, top.get(edge.source) + HEIGHT - 8, top.get(edge.target) + 12 + 16 * Math.min(place, 3), lane, lanes, id);
  });
  const width = EDGE + WIDTH + 12 + LANE * lanes + LABEL, height = 2 * EDGE + nodes.length * (HEIGHT + GAP) - GAP;
  const tip = s("marker", { id, class: "stage-tip", viewBox: "0 0 8 8", refX: 6, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" },
    s("path", { d: "M0 0 L8 4 L0 8 z" }));
  return s("svg", { width, height, viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "xMinYMin", role: "img", "aria-label": view.say },
    s("defs", {}, tip), ...nodes.map((node) => box(node, top.get(node.name))), ...arrows);
}

const becomes = (view, node) => {
  const given = view.edges.filter(({ source }) => source === node.name)
    .map((edge) => (edge.kind === "base" ? `${edge.target} begins with it` : `gives ${edge.what} to ${edge.target}`));
  return [ROLES[node.role][1], ...given].join("; ");
};

function render({ model, el }) {
  const strip = scrollStrip();
  strip.setAttribute("aria-label", "The stages, as the Dockerfile has them");
  const { root, tell } = pictureFrame("stages", strip);
  el.append(root);
  return follow(model, (view) => {
    strip.replaceChildren(drawing(view));
    tell(view, `The stages as a table (${view.nodes.length})`, table(["Stage", "Begins with", "Steps", "What becomes of it"],
      view.nodes.map((node) => [node.name, node.base || "–", `${node.steps.length}`, becomes(view, node)])));
  });
}

export default { render };
