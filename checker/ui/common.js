// Shared by all widgets of the course. Text comes in by textContent only, never as markup.

/** Make an element: h("p", {class: "x", hidden: true}, "text", child, …). */
function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  // JupyterLab's keys mean something else on what has the focus, unless that very element says so.
  if (tag === "button" || tag === "input") element.dataset.lmSuppressShortcuts = "true";
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

/** Turn `code` and *emphasis* of a message into elements, and nothing else. */
function prose(text) {
  const parts = [];
  let rest = 0;
  for (const found of text.matchAll(/`([^`\n]+)`|(?<=^|[\s(])\*([^*\s](?:[^*\n]*[^*\s])?)\*(?=$|[\s).,:;?])/g)) {
    parts.push(text.slice(rest, found.index));
    parts.push(found[1] ? h("code", {}, found[1]) : h("em", {}, found[2]));
    rest = found.index + found[0].length;
  }
  return [...parts, text.slice(rest)];
}

/** A place for a table. It may scroll sideways, so the keyboard must reach it. */
const tablePlace = (label, ...children) =>
  h("div", { class: "course-table", tabindex: "0", role: "group", "aria-label": label, "data-lm-suppress-shortcuts": "true" },
    ...children);

/** JupyterLab itself, where the course has started it. */
const lab = () => window.jupyterapp;

/** The open documents whose path begins with `folder`. */
function documentsIn(folder) {
  const open = lab() ? [...lab().shell.widgets("main")] : [];
  return open.filter((one) => one.context?.path.startsWith(folder));
}

/** A link that opens `path` of the course in this JupyterLab; elsewhere in a new page. */
function fileLink(path, label) {
  const config = JSON.parse(document.getElementById("jupyter-config-data")?.textContent ?? "{}");
  const link = h("a", { href: `${config.baseUrl ?? "/"}lab/tree/${path}`, target: "_blank" }, label);
  link.addEventListener("click", (event) => {
    if (!lab()) return;
    event.preventDefault();
    lab().commands.execute("docmanager:open", { path });
  });
  return link;
}

/** Draw now and at each change of the view; return what ends it. */
function follow(model, draw) {
  const redraw = () => draw(model.get("view"));
  model.on("change:view", redraw);
  redraw();
  return () => model.off("change:view", redraw);
}
