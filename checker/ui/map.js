const PACE = 5000; // ms between two looks while the map is in sight
const FEW = 15; // exercises: with more of them only the chapter to go on with is unfolded

const passed = (rows) => rows.filter((row) => row.state === "passed").length;

function exerciseLine(row, fresh) {
  const kind = row.state === "passed" ? "course-line-of course-passed" : "course-line-of";
  return h("li", { class: kind }, ...exerciseParts(row, fresh));
}

function chapterLine(chapter, unfolded, fresh) {
  const { id, title, lesson, exercises } = chapter;
  const core = exercises.filter((row) => row.core);
  const minutes = exercises.reduce((sum, row) => sum + row.minutes, 0);
  const ofCore = core.length ? ` · core ${passed(core)} of ${core.length}` : "";
  const counts = `${passed(exercises)} of ${exercises.length} passed${ofCore} · ${minutes} minutes`;
  const bar = h("progress", { max: exercises.length, value: passed(exercises), "aria-label": `${id}: exercises passed` });
  const summary = h("summary", { "data-lm-suppress-shortcuts": true }, `Exercises of ${id}`);
  const fold = h("details", { open: unfolded.get(id) }, summary,
    h("ol", {}, ...exercises.map((row) => exerciseLine(row, fresh))));
  fold.addEventListener("toggle", () => unfolded.set(id, fold.open));
  return h("li", {},
    h("div", { class: "course-chapter" }, h("strong", {}, lesson ? fileLink(lesson, id) : id),
      h("span", {}, title), h("span", { class: "course-word" }, counts)),
    bar, fold);
}

const SKILL_SIGNS = { shown: "✔", seen: "◐", "not yet": "○" };

function skillRow({ skill, state, passed: done, exercises }, titles) {
  const shows = exercises.map((id) => `${titles.get(id) ?? id}${done.includes(id) ? " ✔" : ""}`).join(", ");
  return h("tr", {}, h("td", {}, `${SKILL_SIGNS[state] ?? "◐"} ${state}`), h("td", {}, ...prose(skill.say)),
    h("td", {}, shows));
}

function skillTable(skills, titles) {
  const head = ["State", "Skill", "Shown by (✔ passed)"].map((label) => h("th", { scope: "col" }, label));
  const bodies = [...new Set(skills.map(({ skill }) => skill.chapter))].map((chapter) => h("tbody", {},
    h("tr", {}, h("th", { scope: "rowgroup", colspan: 3 }, chapter)),
    ...skills.filter(({ skill }) => skill.chapter === chapter).map((one) => skillRow(one, titles))));
  return h("table", {}, h("thead", {}, h("tr", {}, ...head)), ...bodies);
}

function skillsFold(view) {
  if (!view.skills?.length) return [];
  const titles = new Map(view.chapters.flatMap((one) => one.exercises.map((row) => [row.id, row.title])));
  const shown = view.skills.filter((one) => one.passed.length).length;
  return [
    h("summary", { "data-lm-suppress-shortcuts": true }, `What you can do: ${shown} of ${view.skills.length} skills shown`),
    tablePlace("Skills", skillTable(view.skills, titles)),
    h("p", { class: "course-word" }, "“seen” means: passed after the solution was opened."),
  ];
}

function render({ model, el }) {
  const status = h("p", { class: "course-status", role: "status" });
  const line = h("p", { class: "course-go-on" });
  const notes = h("div", { role: "status" });
  const chapters = h("ol", { class: "course-map" });
  const skills = h("details", { class: "course-skills" });
  const again = h("button", { type: "button" }, "Refresh");
  const root = h("section", { class: "course course-whole-map", "aria-label": "The map of the course" },
    status, line, notes, chapters, skills, h("div", { class: "course-buttons" }, again));
  el.append(root);
  const fresh = keepFresh(model, root, PACE);
  again.addEventListener("click", fresh.refresh);
  const unfolded = new Map();

  const stop = follow(model, (view) => {
    notes.replaceChildren(...noteLines(view));
    if (!view.chapters) return;
    const few = view.chapters.reduce((sum, one) => sum + one.exercises.length, 0) <= FEW;
    for (const { id } of view.chapters) {
      if (!unfolded.has(id)) unfolded.set(id, few || view.next.exercise.startsWith(`${id}/`));
    }
    if (status.textContent !== view.say) status.textContent = view.say;
    redrawn(line, ...goOn(view.next, fresh));
    redrawn(chapters, ...view.chapters.map((chapter) => chapterLine(chapter, unfolded, fresh)));
    redrawn(skills, ...skillsFold(view));
  });
  return () => (fresh.end(), stop());
}

export default { render };
