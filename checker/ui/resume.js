function render({ model, el }) {
  const line = h("p", {});
  const notes = h("div", { role: "status" });
  const root = h("section", { class: "course course-resume", "aria-label": "Go on" }, line, notes);
  el.append(root);
  const fresh = keepFresh(model, root);
  const stop = follow(model, (view) => {
    redrawn(line, ...goOn(view.next, fresh));
    notes.replaceChildren(...noteLines(view));
  });
  return () => (fresh.end(), stop());
}

export default { render };
