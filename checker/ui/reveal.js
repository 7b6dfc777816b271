function render({ model, el }) {
  const view = model.get("view");
  if (!model.get("answer").order) keep(model, { order: shuffled(view.reasons.length) });
  const says = view.reasons.map((reason) => reason.say);
  const group = choiceGroup("radio", says, model.get("answer").order, () => {});
  const pick = press("This one", "course-main");
  const problem = statusLine();
  const outcome = h("p", { class: "course-outcome", role: "status" });
  const reasons = h("fieldset", { class: "course-reasons" },
    h("legend", {}, "Which sentence fits what the engine did?"), group.box,
    h("div", { class: "course-buttons" }, pick), problem);
  const why = h("div", { class: "course-why", "aria-live": "polite" });
  const unkept = h("p", { class: "course-meta" });
  const root = frame("reveal", outcome, reasons, why, unkept);
  el.append(root);

  pick.onclick = () => {
    const [index] = group.picked();
    if (index === undefined) return (problem.textContent = "Choose one first.");
    keep(model, { reason: index });
    focusOn(why);
  };
  // A live region speaks of what changes in it, so the words come after the element.
  const later = window.setTimeout(() => {
    outcome.replaceChildren(...judged(view.outcome, view.sentence));
  });
  const unfollow = followBoth(model, (now, answer) => {
    const asks = now.outcome === "not right";
    const picked = answer.reason;
    unkept.textContent = now.unkept ?? "";
    reasons.hidden = !asks;
    pick.hidden = picked !== undefined;
    if (picked !== undefined) {
      group.pick([picked]);
      group.close();
      problem.textContent = "";
      now.reasons.forEach(({ right, reply }, index) => {
        if (right || index === picked) group.note(index, right ? "right" : "not right", reply);
      });
    }
    if ((!asks || picked !== undefined) && !why.children.length) why.append(...paragraphs(now.why));
  });
  return () => (window.clearTimeout(later), unfollow());
}

export default { render };
