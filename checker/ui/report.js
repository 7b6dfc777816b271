function table(rows) {
  const head = ["", "State", "What was found", "Next"].map((label) => h("th", { scope: "col" }, label));
  const body = rows.map(([sign, word, what, next]) =>
    h("tr", {}, h("td", { "aria-hidden": "true" }, sign), h("td", {}, word), h("td", {}, ...prose(what)),
      h("td", {}, ...prose(next))));
  return h("table", {}, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...body));
}

function render({ model, el }) {
  const status = h("p", { class: "course-status", role: "status" });
  const content = h("div", {});
  const root = h("section", { class: "course" }, status, content);
  el.append(root);
  return follow(model, (view) => {
    root.hidden = !view.say;
    status.textContent = view.say;
    content.replaceChildren(...(view.rows ? [table(view.rows)] : []));
  });
}

export default { render };
