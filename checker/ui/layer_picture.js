const SIGNS = { added: "+", changed: "~", deleted: "−" };
const WORDS = { added: "added", changed: "replaced", deleted: "deleted" };

function bytes(size) {
  if (size >= 1e7) return `${Math.round(size / 1e6)} MB`;
  if (size >= 1e5) return `${(size / 1e6).toFixed(1)} MB`;
  return size >= 1000 ? `${(size / 1e3).toFixed(1)} kB` : `${size} bytes`;
}

/** The lines of an image with the numbers of their layers, the newest first: as layers lie. */
function numbered(image) {
  let number = 0;
  return image.lines.map((line) => ({ ...line, number: line.layer ? ++number : 0 })).reverse();
}

function counts(line) {
  if (!line.read) return "being read";
  const parts = Object.entries(WORDS).filter(([kind]) => line[kind]).map(([kind, word]) => `${line[kind]} ${word}`);
  return parts.join(", ") || "no files";
}

function by({ wasted, wasted_by: above }) {
  return `${bytes(wasted)} deleted or replaced by layer ${above.join(", ")}`;
}

function fileList(line) {
  const item = ([kind, path, size]) => h("li", { class: `layer-${kind}` },
    h("span", { class: "layer-sign", "aria-hidden": "true" }, SIGNS[kind]), " ",
    h("code", {}, path), ` ${WORDS[kind]}, ${bytes(size)}${kind === "deleted" && size ? " stay below" : ""}`);
  const more = line.added + line.changed + line.deleted - line.files.length;
  const rest = more > 0 ? [h("p", {}, `and ${more} more; these are the largest`)] : [];
  const scrolls = { class: "layer-files", tabindex: "0", role: "group", "aria-label": "Files of this layer" };
  return [h("div", { ...scrolls, "data-lm-suppress-shortcuts": "true" }, h("ul", {}, ...line.files.map(item))), ...rest];
}

function marks(line) {
  const shared = line.shared ? [h("span", { class: "layer-mark layer-shared" }, "⇄ shared")] : [];
  const waste = line.wasted ? [h("span", { class: "layer-mark layer-waste" }, `△ ${by(line)}`)] : [];
  return [...shared, ...waste];
}

/** One layer: its instruction, a bar as long as its share of the largest one, and its files to fold out. */
function layer(line, largest, open) {
  const kept = Math.max(0, line.size - (line.wasted ?? 0));
  const share = (size) => `width: ${((100 * size) / largest).toFixed(2)}%`;
  const bar = h("span", { class: "layer-bar", "aria-hidden": "true" },
    h("span", { class: "layer-kept", style: share(kept) }),
    h("span", { class: "layer-lost", style: share(line.wasted ?? 0) }));
  const head = [
    h("span", { class: "layer-number" }, `${line.number}`),
    h("code", { class: "layer-said", title: line.instruction }, line.instruction),
    h("span", { class: "layer-size" }, bytes(line.size)), bar,
    h("span", { class: "layer-about" }, counts(line), " ", ...marks(line)),
  ];
  if (!line.read || !line.files.length) return h("li", { class: "layer-line" }, h("div", { class: "layer-head" }, ...head));
  const details = h("details", { open: open.has(line.key) },
    h("summary", { class: "layer-head", "data-lm-suppress-shortcuts": "true" }, ...head), h("div", {}));
  const fill = () => details.lastChild.replaceChildren(...(details.open ? fileList(line) : []));
  details.addEventListener("toggle", () => {
    if (details.open) open.add(line.key);
    else open.delete(line.key);
    fill();
  });
  fill();
  return h("li", { class: "layer-line" }, details);
}

const nothing = (line) => h("li", { class: "layer-none" },
  h("code", { class: "layer-said", title: line.instruction }, line.instruction), h("span", {}, "no layer"));

function column(image, index, largest, open) {
  const lines = numbered(image).map((line) => ({ ...line, key: `${index}/${line.number}` }));
  const size = image.lines.reduce((sum, line) => sum + line.size, 0);
  return h("div", { class: "layer-column" },
    h("h4", {}, image.name, " ", h("small", {}, bytes(size))),
    h("ol", { class: "layer-list", "aria-label": `Layers of ${image.name}, the newest first` },
      ...lines.map((line) => (line.layer ? layer(line, largest, open) : nothing(line)))));
}

function rows(images) {
  return images.flatMap((image) => numbered(image).reverse().map((line) => [
    image.name, line.layer ? `${line.number}` : "no layer", line.instruction, line.layer ? bytes(line.size) : "",
    line.layer ? counts(line) : "", line.layer ? (line.shared ? "yes" : "no") : "", line.wasted ? by(line) : "",
  ]));
}

function render({ model, el }) {
  const grid = h("div", { class: "layer-grid" });
  const { root, tell } = pictureFrame("layers", grid);
  el.append(root);
  const open = new Set(); // layers folded out: a redraw leaves them so
  return follow(model, (view) => {
    const lines = view.images.flatMap((image) => image.lines);
    const largest = Math.max(1, ...lines.map((line) => line.size));
    grid.replaceChildren(...view.images.map((image, index) => column(image, index, largest, open)));
    tell(view, `The layers as a table (${lines.length})`,
      table(["Image", "Layer", "Instruction", "Size", "Files", "Shared", "Deleted or replaced later"], rows(view.images)));
  });
}

export default { render };
