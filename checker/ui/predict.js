const PROBLEMS = {
  choice: "Choose one first, or skip.",
  number: "Write a number, such as 3 or 0.5, or skip.",
  text: "Write something first, or skip.",
};

/** How a prediction of this kind is given: what shows, and what it holds. */
function field(view) {
  if (view.kind === "choice") {
    const group = choiceGroup("radio", view.choices, [...view.choices.keys()], () => {});
    return {
      box: group.box,
      value: () => view.choices[group.picked()[0]],
      set: (value) => group.pick([view.choices.indexOf(value)]),
      close: group.close,
    };
  }
  const number = view.kind === "number";
  const input = h("input", {
    type: "text", inputmode: number ? "decimal" : "text", size: number ? 8 : 30, autocomplete: "off",
    "aria-label": number ? "Your prediction, a number" : "Your prediction",
  });
  return {
    box: h("div", { class: "course-choices" }, input),
    value() {
      const text = input.value.trim();
      return number && (text === "" || !Number.isFinite(Number(text))) ? undefined : text || undefined;
    },
    set: (value) => (input.value = value),
    close: () => (input.disabled = true),
  };
}

/** Select the cell below the one that holds `element`, as running a cell does: Shift-Enter then runs it. */
function selectCellBelow(element) {
  const content = lab()?.shell.currentWidget?.content;
  const cells = [...(content?.widgets ?? [])];
  const here = cells.findIndex((cell) => cell.node?.contains(element));
  if (here < 0 || here + 1 >= cells.length) return;
  content.activeCellIndex = here + 1;
  content.mode = "command";
  content.activate();
}

function sentence(view, answer) {
  const mine = answer.prediction === undefined ? "" : `Your prediction: ${answer.prediction}. `;
  if (view.found !== undefined)
    return mine ? `${mine}The engine has answered.` : "The engine has answered. To predict, run this cell again.";
  if (mine) return `${mine}Now run the next cell.`;
  return answer.skipped ? "Skipped. Run the next cell." : "";
}

function render({ model, el }) {
  const view = model.get("view");
  const given = field(view);
  const predict = press("Predict", "course-main");
  const skip = press("Skip");
  const buttons = h("div", { class: "course-buttons" }, predict, skip);
  const status = statusLine();
  const asked = h("legend", {}, h("span", { class: "course-kind" }, "Predict"), ...prose(view.ask));
  el.append(frame("predict", h("fieldset", {}, asked, given.box), buttons, status));

  function accept() {
    const value = given.value();
    if (value === undefined) return (status.textContent = PROBLEMS[view.kind]);
    keep(model, { prediction: value, skipped: false });
    selectCellBelow(el);
  }
  predict.onclick = accept;
  given.box.addEventListener("keydown", (event) => event.key === "Enter" && accept());
  skip.onclick = () => {
    keep(model, { prediction: undefined, skipped: true });
    selectCellBelow(el);
  };
  return followBoth(model, (now, answer) => {
    if (answer.prediction !== undefined) given.set(answer.prediction);
    if (now.found !== undefined) given.close();
    buttons.hidden = now.found !== undefined;
    status.textContent = sentence(now, answer);
  });
}

export default { render };
