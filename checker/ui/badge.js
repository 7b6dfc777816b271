function render({ model, el }) {
  const line = h("p", { class: "course-line-of" });
  const notes = h("div", { role: "status" });
  const root = h("section", { class: "course course-badge", "aria-label": "Exercise" }, line, notes);
  el.append(root);
  const fresh = keepFresh(model, root);
  const stop = follow(model, (view) => {
    const { exercise } = view;
    const parts = exercise
      ? [h("strong", {}, "Exercise"), ...exerciseParts(exercise, fresh)]
      : [];
    root.className = `course course-badge${exercise ? ` course-has-${exercise.state}` : ""}`;
    redrawn(line, ...parts);
    notes.replaceChildren(...noteLines(view));
  });
  return () => (fresh.end(), stop());
}

export default { render };
