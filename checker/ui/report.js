function table(rows) {
  const head = ["", "State", "What was found", "Next"].map((label) => h("th", { scope: "col" }, label));
  const body = rows.map(([sign, word, what, next]) =>
    h("tr", {}, h("td", { "aria-hidden": "true" }, sign), h("td", {}, word), h("td", {}, ...prose(what)),
      h("td", {}, ...prose(next))));
  return h("table", {}, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...body));
}

function exerciseLine(exercise) {
  const [sign, word] = exercise.passed ? ["✔", "passed"] : exercise.attempts ? ["…", "tried"] : ["○", "not yet"];
  const name = exercise.path ? fileLink(exercise.path, exercise.title) : exercise.title;
  return h("li", { class: exercise.passed ? "course-passed" : "" },
    h("span", { class: "course-sign", "aria-hidden": "true" }, `${sign} `), name,
    h("span", { class: "course-word" }, ` · ${exercise.minutes} minutes · ${word}`));
}

function chapterLine(chapter) {
  const name = chapter.path ? fileLink(chapter.path, chapter.title) : chapter.title;
  return h("li", {}, h("strong", {}, name), h("ol", {}, ...chapter.exercises.map(exerciseLine)));
}

function render({ model, el }) {
  const status = h("p", { class: "course-status", role: "status" });
  const content = h("div", {});
  const root = h("section", { class: "course" }, status, content);
  el.append(root);
  return follow(model, (view) => {
    root.hidden = !view.say;
    status.textContent = view.say;
    const parts = [];
    if (view.rows) parts.push(table(view.rows));
    if (view.chapters) parts.push(h("ol", { class: "course-map" }, ...view.chapters.map(chapterLine)));
    content.replaceChildren(...parts);
  });
}

export default { render };
