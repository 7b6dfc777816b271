const PROBLEMS = {
  choice: "Choose one first, or skip.",
  number: "Write a number, such as 3 or 0.5, or skip.",
  text: "Write something first, or skip.",
  comma: "This comma can mean two things. Write 1000 for a thousand, or 1.0 for one.",
};
const NUMBER = /^[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?$/i; // with a decimal point or comma
const THOUSANDS = /^[+-]?[1-9]\d{0,2},\d{3}$/;

/** How a prediction of this kind is given: what shows, and what it holds. */
function field(view) {
  if (view.kind === "choice") {
    const group = choiceGroup("radio", view.choices, [...view.choices.keys()], () => {});
    return {
      box: group.box,
      problem: () => PROBLEMS.choice,
      value: () => view.choices[group.picked()[0]],
      set: (value) => group.pick([view.choices.indexOf(value)]),
      close: group.close,
    };
  }
  const number = view.kind === "number";
  const label = `Your prediction${number ? ", a number" : ""}${view.unit ? ` of ${view.unit}` : ""}`;
  const input = h("input", {
    type: "text", inputmode: number ? "decimal" : "text", size: number ? 8 : 30, autocomplete: "off", "aria-label": label,
  });
  const unit = h("span", { "aria-hidden": "true" }, view.unit); // the label has it
  const tolerated = h("p", { class: "course-meta" }, view.tolerated);
  return {
    box: h("div", { class: "course-field" }, input, " ", unit, tolerated),
    problem: () => (number && THOUSANDS.test(input.value.trim()) ? PROBLEMS.comma : PROBLEMS[view.kind]),
    value() {
      const text = input.value.trim();
      return number && (!NUMBER.test(text) || THOUSANDS.test(text)) ? undefined : text || undefined;
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
  const mine = answer.prediction === undefined ? "" : `Your prediction: ${answer.prediction}${view.unit ? ` ${view.unit}` : ""}. `;
  if (view.found !== undefined)
    return mine ? `${mine}The engine has answered.` : "The engine has answered. To predict, run this cell again.";
  if (mine) return `${mine}Now run the next cell.`;
  if (answer.skipped) return "Skipped. Run the next cell.";
  return view.seen ? "The engine has answered this before. The first prediction counts; this one is practice." : "";
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
    if (value === undefined) return (status.textContent = given.problem());
    keep(model, { prediction: value, skipped: false });
    selectCellBelow(el);
  }
  predict.onclick = accept;
  onEnter(given.box, accept);
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
