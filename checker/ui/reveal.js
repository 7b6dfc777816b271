function render({ model, el }) {
  const view = model.get("view");
  if (!model.get("answer").order) keep(model, { order: shuffled(view.reasons.length) });
  const tried = () => model.get("answer").tried ?? [];
  const group = choiceGroup("radio", view.reasons.map(({ say }) => say), model.get("answer").order, () => {
    problem.textContent = "";
  });
  const pick = press("This one", "course-main");
  const give = press("Show me");
  const buttons = h("div", { class: "course-buttons" }, pick, give);
  const problem = statusLine();
  const outcome = h("p", { class: "course-outcome", role: "status" });
  const reasons = h("fieldset", { class: "course-reasons" },
    h("legend", {}, "Which sentence fits what the engine did?"), group.box, buttons, problem);
  const why = h("div", { class: "course-why", "aria-live": "polite" });
  const unkept = h("p", { class: "course-meta" });
  el.append(frame("reveal", outcome, reasons, why, unkept));

  const settled = (answer) =>
    !view.asks || answer.shown || (answer.tried ?? []).some((index) => view.reasons[index].right);
  function accept() {
    const [index] = group.picked();
    if (index === undefined || tried().includes(index)) return (problem.textContent = "Choose one first.");
    keep(model, { tried: [...tried(), index] });
    if (settled(model.get("answer"))) focusOn(why);
    else problem.textContent = "Choose another one, or let the course show you.";
  }
  pick.onclick = accept;
  onEnter(group.box, accept);
  give.onclick = () => {
    keep(model, { shown: true });
    focusOn(why);
  };
  // A live region speaks of what changes in it, so the words come after the element.
  const later = window.setTimeout(() => {
    outcome.replaceChildren(...judged(view.outcome, view.sentence));
  });
  const unfollow = followBoth(model, (now, answer) => {
    const picked = answer.tried ?? [];
    const done = settled(answer);
    unkept.textContent = now.unkept ?? "";
    reasons.hidden = !now.asks;
    buttons.hidden = done;
    give.hidden = !picked.length;
    now.reasons.forEach(({ right, reply }, index) => {
      if (picked.includes(index) || (done && right)) group.note(index, right ? "right" : "not right", reply);
    });
    group.close(done ? undefined : picked);
    if (done) problem.textContent = "";
    if (done && picked.length) group.pick([picked.at(-1)]);
    if (done && !why.children.length) why.append(...paragraphs(now.why));
  });
  return () => (window.clearTimeout(later), unfollow());
}

export default { render };
