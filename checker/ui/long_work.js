const HEARD = 300; // ms in which a kernel that hears messages while a cell runs has answered
const SIGNS = { waiting: "○", running: "▸", ready: "✔", cached: "=", failed: "✘" };

function bar(part, label) {
  const attributes = { max: 1, "aria-label": label };
  return h("progress", part == null ? attributes : { ...attributes, value: part });
}

function line(row, live) {
  const known = row.state === "running" && live && row.part != null;
  return h("li", { class: `work-line work-${row.state}` },
    h("span", { class: "work-sign", "aria-hidden": "true" }, SIGNS[row.state] ?? "·"),
    h("span", { class: "work-name" }, row.name), h("span", { class: "work-word" }, row.word),
    known ? bar(row.part, row.name) : null);
}

function failure(failed) {
  if (!failed) return [];
  const rows = [["Step", failed.step], ["The builder says", failed.said], ["Likely cause", failed.cause]];
  const said = rows.filter(([, text]) => text).flatMap(([label, text]) => [h("dt", {}, label), h("dd", {}, ...prose(text))]);
  const lines = failed.lines.length ? [h("p", {}, "Its last lines:"), h("pre", { class: "work-lines", tabindex: "0" }, failed.lines.join("\n"))] : [];
  const details = h("details", { open: true }, h("summary", { "data-lm-suppress-shortcuts": true }, "✘ What failed"), h("dl", {}, ...said), ...lines);
  return [details];
}

/** Where the waiting kernel did not hear the button, interrupt it as the menu does. */
function interrupt(model, el) {
  const { live, asked } = model.get("view");
  if (!live || asked) return;
  const page = documentsIn("").find((one) => one.node.contains(el));
  page?.sessionContext?.session?.kernel?.interrupt();
}

function render({ model, el }) {
  const whole = h("div", { class: "work-whole" });
  const list = h("ul", { class: "work-list", "aria-label": "Layers or steps" });
  const wrong = h("div", {});
  const button = h("button", {}, "Cancel");
  const hint = h("span", { class: "course-word" }, "Kernel > Interrupt does the same.");
  const buttons = h("div", { class: "course-buttons" }, button, hint);
  const { root, tell } = pictureFrame("work", whole, list, wrong, buttons);
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-disabled") === "true") return;
    model.send({ do: "cancel" });
    button.setAttribute("aria-disabled", "true");
    window.setTimeout(() => interrupt(model, el), HEARD);
  });
  el.append(root);
  let shown = null;

  return follow(model, (view) => {
    const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 30;
    root.hidden = !view.say;
    whole.replaceChildren(...(view.live ? [bar(view.part, "All of it")] : []));
    list.hidden = !view.rows.length;
    list.replaceChildren(...view.rows.map((row) => line(row, view.live)));
    if (atEnd && view.live) list.querySelector(".work-running")?.scrollIntoView({ block: "nearest" });
    if (shown !== view.failed) wrong.replaceChildren(...failure(view.failed));
    shown = view.failed;
    buttons.hidden = !view.live;
    button.textContent = view.asked ? "Cancelling …" : "Cancel";
    button.setAttribute("aria-disabled", view.asked ? "true" : "false");
    tell(view, `All of it as a table (${view.rows.length})`,
      table(["What", "State", ""], view.rows.map((row) => [row.name, row.state, row.word])));
    root.querySelector(":scope > details").hidden = !view.rows.length;
  });
}

export default { render };
