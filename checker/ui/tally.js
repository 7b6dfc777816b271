const COLUMNS = {
  question: "Question", "you said": "You said", "the engine said": "The engine said", outcome: "Outcome", reason: "Reason",
};

function cell(row, name) {
  if (name === "outcome") return h("span", {}, ...judged(row[name], ""));
  return h("span", {}, ...prose(row[name]));
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
    const rows = view.rows.map((row) => Object.keys(COLUMNS).map((name) => cell(row, name)));
    tell(view, `Each prediction in a table (${rows.length})`, table(Object.values(COLUMNS), rows));
  });
}

export default { render };
