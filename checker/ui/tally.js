const HEAD = ["Question", "You said", "The engine said", "Outcome"];

function cells(row) {
  const reason = row.reason === "-" ? null : h("div", { class: "course-meta" }, `reason ${row.reason}`);
  return [
    h("span", {}, ...prose(row.question)), row["you said"], row["the engine said"],
    h("span", {}, ...judged(row.outcome, ""), reason ?? ""),
  ];
}

function render({ model, el }) {
  const worth = h("p", {});
  const counts = h("ul", { class: "course-counts" });
  const { root, tell } = pictureFrame("tally", counts, worth);
  root.classList.add("course-lesson");
  root.querySelector("details").open = true;
  el.append(root);
  return follow(model, (view) => {
    counts.replaceChildren(...view.counts.map(([word, count]) => h("li", {}, ...judged(word, String(count)))));
    worth.textContent = view.worth;
    tell(view, `Each prediction in a table (${view.rows.length})`, table(HEAD, view.rows.map(cells)));
  });
}

export default { render };
