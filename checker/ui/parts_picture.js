const CHECKS = { true: ["✓", "digest right", "good"], false: ["✕", "digest wrong", "bad"], null: ["–", "not recomputed", "none"] };
const FORMS = [
  [/image\.index|manifest\.list/, "an index"], [/image\.manifest|distribution\.manifest/, "a manifest"],
  [/image\.config|container\.image/, "a configuration"], [/\+zstd/, "a layer, packed with zstd"],
  [/gzip/, "a layer, packed with gzip"], [/layer|rootfs/, "a layer, not packed"],
];

function partSize(size) {
  if (size >= 1e7) return `${Math.round(size / 1e6)} MB`;
  if (size >= 1e5) return `${(size / 1e6).toFixed(1)} MB`;
  return size >= 1000 ? `${(size / 1e3).toFixed(1)} kB` : `${size} bytes`;
}

/** A media type in plain words; whose form it is, the last word says. */
function inWords(media, fallback) {
  const [, kind] = FORMS.find(([pattern]) => pattern.test(media)) ?? [null, fallback];
  const form = media.includes("vnd.docker") ? "Docker's form" : media.includes("vnd.oci") ? "OCI's form" : "";
  return [kind, form].filter(Boolean).join(", ");
}

const shortDigest = (digest) => (digest ? digest.replace(/^sha256:/, "").slice(0, 12) : "none");

function check(right) {
  const [sign, word, kind] = CHECKS[right];
  return h("span", { class: `parts-check parts-${kind}` }, `${sign} ${word}`);
}

const digestOf = (digest) => h("code", { class: "parts-digest", title: digest }, shortDigest(digest));

/** A box whose JSON folds out. `key` tells it from the others, so that a redraw leaves it open. */
function part(kind, title, json, open, ...about) {
  const head = h("div", { class: "parts-title" }, title);
  if (!json) return h("div", { class: `parts-box parts-${kind}` }, head, ...about);
  const fold = h("details", { class: "parts-json", open: open.has(title) },
    h("summary", { "data-lm-suppress-shortcuts": "true", "aria-label": `JSON of ${title}` }, "its JSON"),
    h("pre", { tabindex: "0", role: "group", "aria-label": `JSON of ${title}, the text`, "data-lm-suppress-shortcuts": "true" }, json));
  fold.addEventListener("toggle", () => (fold.open ? open.add(title) : open.delete(title)));
  return h("div", { class: `parts-box parts-${kind}` }, head, ...about, fold);
}

const about = (piece, fallback) => [
  h("div", {}, digestOf(piece.digest), " ", check(piece.right)),
  h("div", { class: "parts-kind", title: piece.media }, `${inWords(piece.media, fallback)}, ${partSize(piece.size)}`),
];

const arrow = (...text) => h("div", { class: "parts-arrow" }, h("span", { "aria-hidden": "true" }, "↓ "), ...text);

function indexBox(index, open) {
  const item = ({ name, digest, chosen }) => h("li", { class: chosen ? "parts-chosen" : "" },
    `${name} → `, digestOf(digest), chosen ? " ◉ shown below" : "");
  const notes = index.notes ? [h("div", {}, `and ${index.notes} for notes on how it was built`)] : [];
  return part("index", "Index", index.json, open, ...about(index, "an index"),
    h("ul", { class: "parts-platforms" }, ...index.platforms.map(item)), ...notes);
}

function facts(config) {
  return h("dl", { class: "parts-facts" },
    ...config.facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, h("code", { title: value }, value))]));
}

/** One layer: packed on the manifest's side, unpacked on the configuration's. */
function layerRow(layer, index, open) {
  const made = layer.line ? [`made by line ${layer.line} of the history: `, h("code", { title: layer.instruction }, layer.instruction)]
    : ["the history does not say what made it"];
  const same = layer.digest === layer.diff_id;
  const side = (kind, label, digest, right, ...more) => h("div", { class: `parts-side parts-${kind}` },
    h("div", { class: "parts-kind" }, label), h("div", {}, digestOf(digest), " ", check(right)), ...more);
  const type = h("div", { class: "parts-kind", title: layer.media }, `${inWords(layer.media, "a layer")}, ${partSize(layer.size)}`);
  const both = h("div", { class: "parts-kind" }, same ? "= the same digest: it is not packed" : "≠ another digest: the same files, unpacked");
  return h("li", {}, part("layer", `Layer ${index + 1}`, layer.json, open, h("div", { class: "parts-made" }, ...made),
    h("div", { class: "parts-pair" },
      side("packed", "packed, in the manifest", layer.digest, layer.right, type),
      side("unpacked", "unpacked, in the configuration (diff_id)", layer.diff_id, layer.unpacked_right, both))));
}

function drawing(found, open) {
  const { start, index, manifest, config, layers } = found;
  const counted = layers.length === 1 ? "1 layer" : `${layers.length} layers`;
  const name = h("div", { class: "parts-box parts-name" },
    h("div", { class: "parts-title" }, start.kind[0].toUpperCase() + start.kind.slice(1)), h("code", {}, start.text));
  const joined = h("div", { class: "parts-pair" },
    h("div", {}, part("manifest", "Manifest", manifest.json, open, ...about(manifest, "a manifest"),
      h("div", { class: "parts-names" }, `names ${counted}, and the configuration`))),
    h("div", {}, part("config", "Configuration", config.json, open, ...about(config, "a configuration"), facts(config))));
  return [
    name, arrow("points at"), ...(index ? [indexBox(index, open), arrow("names, for this engine's platform")] : []), joined,
    h("div", { class: "parts-pair" }, arrow("names each layer, packed"), arrow("names each layer, unpacked")),
    h("ol", { class: "parts-layers", "aria-label": "The layers, the lowest first" },
      ...layers.map((layer, number) => layerRow(layer, number, open))),
    h("p", { class: "parts-note" }, ...prose(found.note)),
  ];
}

function rows({ start, index, manifest, config, layers }) {
  const row = (name, piece, kind) => [name, inWords(piece.media, kind), piece.digest, partSize(piece.size), CHECKS[piece.right][1]];
  return [
    [start.kind, "a pointer", `${start.text} → ${(index ?? manifest).digest}`, "", ""],
    ...(index ? [row("index", index, "an index")] : []),
    row("manifest", manifest, "a manifest"), row("configuration", config, "a configuration"),
    ...layers.flatMap((layer, number) => [
      row(`layer ${number + 1}, packed`, layer, "a layer"),
      [`layer ${number + 1}, unpacked`, "its diff_id", layer.diff_id, "", CHECKS[layer.unpacked_right][1]],
    ]),
  ];
}

function render({ model, el }) {
  const place = h("div", { class: "parts-place" });
  const { root, tell } = pictureFrame("parts", place);
  el.append(root);
  const open = new Set();
  return follow(model, (view) => {
    place.replaceChildren(...(view.parts ? drawing(view.parts, open) : []));
    const listed = view.parts ? rows(view.parts) : [];
    tell(view, `The parts as a table (${listed.length})`, table(["Part", "Kind", "Digest", "Size", "Recomputed"], listed));
  });
}

export default { render };
