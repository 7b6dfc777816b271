// Shared by the pictures of the engine: a sentence, what is wrong, the drawing, and a table that says the same.

/** Make an SVG element, as h() makes one of HTML. */
function s(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A table of texts, or of elements. */
function table(head, rows) {
  const line = (tag, cells, attributes) => h("tr", {}, ...cells.map((cell) => h(tag, attributes, cell)));
  return h("table", {}, h("thead", {}, line("th", head, { scope: "col" })),
    h("tbody", {}, ...rows.map((row) => line("td", row, {}))));
}

function troubleLines(trouble) {
  if (!trouble) return [];
  const next = trouble.next ? [h("p", {}, h("strong", {}, "Next: "), ...prose(trouble.next))] : [];
  return [h("p", {}, ...prose(trouble.message)), ...next];
}

/** A strip that scrolls sideways; JupyterLab would take the arrow keys for its cells. */
function scrollStrip() {
  const strip = h("div", { class: "course-strip", tabindex: "0", role: "group", "data-lm-suppress-shortcuts": true });
  strip.addEventListener("keydown", ({ key }) => {
    if (key === "Home") strip.scrollLeft = 0;
    if (key === "End") strip.scrollLeft = strip.scrollWidth;
  });
  return strip;
}

/** The frame of a picture around `drawing`. tell(view, caption, table) writes all the rest. */
function pictureFrame(kind, ...drawing) {
  const status = h("p", { class: "course-status", role: "status", "aria-live": "polite" });
  const trouble = h("div", { class: "course-message" });
  const summary = h("summary", { "data-lm-suppress-shortcuts": true });
  const place = tablePlace("The same as a table");
  const details = h("details", {}, summary, place);
  const root = h("section", { class: `course course-${kind}` }, status, trouble, ...drawing, details);
  const tell = (view, caption, rows) => {
    if (status.textContent !== view.say) status.textContent = view.say;
    trouble.replaceChildren(...troubleLines(view.trouble));
    summary.textContent = caption;
    place.replaceChildren(rows);
  };
  return { root, tell };
}
