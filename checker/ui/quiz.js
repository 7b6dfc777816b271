const HOW = {
  one: "One answer is right.",
  many: "One or more answers are right.",
  order: "The arrows move a line up or down.",
};

/** Lines that can be moved, and where each one stands. */
function orderList(texts, order, changed) {
  let now = [...order];
  const list = h("ol", { class: "course-order" });
  const lines = texts.map((text, index) => {
    const place = h("span", { class: "course-place" });
    const note = notePlace();
    const move = (step) => {
      const from = now.indexOf(index);
      const to = from + step;
      if (to < 0 || to >= now.length) return;
      [now[from], now[to]] = [now[to], now[from]];
      draw();
      const [up, down] = buttons;
      (up.disabled ? down : down.disabled ? up : step < 0 ? up : down).focus();
      changed();
    };
    const buttons = [["↑", "up", -1], ["↓", "down", 1]].map(([sign, word, step]) => {
      const button = h("button", { type: "button", "aria-label": `Move ${word}: ${text}`, title: `Move ${word}` }, sign);
      button.onclick = () => move(step);
      return button;
    });
    const moves = h("span", { class: "course-moves" }, ...buttons);
    const line = h("li", { class: "course-choice" },
      h("div", { class: "course-line" }, moves, place, h("span", {}, ...prose(text))), note.place);
    return { line, buttons, moves, note, place };
  });
  function draw() {
    list.replaceChildren(...now.map((index) => lines[index].line));
    now.forEach((index, place) => {
      lines[index].place.textContent = `${place + 1}.`;
      const [up, down] = lines[index].buttons;
      up.disabled = place === 0;
      down.disabled = place === now.length - 1;
    });
  }
  draw();
  return {
    box: list,
    picked: () => now,
    pick: (order) => ((now = [...order]), draw()),
    close: () => lines.forEach(({ moves }) => (moves.hidden = true)),
    note: (index, word, text) => lines[index].note.write(lines[index].line, word, text),
  };
}

const rightPlace = (picked) => picked.filter((index, place) => index === place).length;

/** Whether the options picked are the right ones; for an order, whether each stands in its place. */
function isRight(question, picked) {
  if (question.kind === "order") return rightPlace(picked) === picked.length;
  return question.options.every((option, index) => option.right === picked.includes(index));
}

/** What is said of an answer as a whole, beside its sign and word. */
function remark(question, given) {
  const { options, kind } = question;
  if (kind === "order" && given.all) return "Above is the right order.";
  if (kind === "order") return `${rightPlace(given.picked)} of ${options.length} stand in the right place.`;
  if (kind === "one" || given.right) return "";
  const missing = options.filter((option, index) => option.right && !given.picked.includes(index)).length;
  const wrong = given.picked.filter((index) => !options[index].right).length;
  return [
    wrong && `${wrong} of the options you chose ${wrong === 1 ? "is" : "are"} not right.`,
    missing && `${missing} right ${missing === 1 ? "option is" : "options are"} not chosen.`,
  ].filter(Boolean).join(" ");
}

/** The sign beside each option that was picked, and its explanation; beside all, once all are asked for. */
function explain(question, group, given) {
  question.options.forEach((option, index) => {
    if (question.kind === "order") {
      if (given.all || given.right) group.note(index, "", option.why);
      else group.note(index, given.picked[index] === index ? "right" : "not right", "");
    } else if (given.all || given.picked.includes(index)) {
      group.note(index, option.right ? "right" : "not right", option.why);
    } else {
      group.note(index, "", "");
    }
  });
}

function block(model, question, number) {
  const mine = () => model.get("answer")[question.key] ?? {};
  const change = (fields) => keep(model, { [question.key]: { ...mine(), ...fields } });
  if (!mine().order) change({ order: shuffled(question.options.length) });
  const says = question.options.map((option) => option.say);
  const touched = () => {
    if (!mine().picked) return;
    status.textContent = "Changed. Press Answer when you are ready.";
    if (question.kind === "order") says.forEach((_, index) => group.note(index, "", "")); // it stands elsewhere now
  };
  const group =
    question.kind === "order"
      ? orderList(says, mine().order, touched)
      : choiceGroup(question.kind === "one" ? "radio" : "checkbox", says, mine().order, touched);
  let drawn = "";
  const answer = press("Answer", "course-main");
  const all = press("Show all explanations");
  const status = statusLine();
  const element = h("li", { "data-question": question.key },
    h("fieldset", {},
      h("legend", {}, `${number}. `, ...prose(question.ask), " ", h("span", { class: "course-kind" }, HOW[question.kind])),
      group.box,
      h("div", { class: "course-buttons" }, answer, all), status));

  answer.onclick = () => {
    const picked = [...group.picked()];
    if (!picked.length) return (status.textContent = "Choose first.");
    drawn = "";
    change({ picked, right: isRight(question, picked) });
    if (answer.hidden) focusOn(all.hidden ? status : all);
  };
  all.onclick = () => {
    change({ all: true });
    focusOn(status);
  };
  return {
    element,
    draw() {
      const given = mine();
      const state = JSON.stringify(given);
      if (!given.picked || state === drawn) return;
      drawn = state;
      const done = given.all || given.right;
      if (question.kind === "order" && given.all) group.pick([...says.keys()]);
      else group.pick(given.picked);
      explain(question, group, given);
      if (done) group.close();
      answer.hidden = Boolean(done);
      all.hidden = Boolean(given.all) || (question.kind === "order" && given.right);
      status.replaceChildren(...judged(given.right ? "right" : "not right", remark(question, given)));
    },
    start: () => (all.hidden = !mine().picked),
  };
}

function render({ model, el }) {
  const view = model.get("view");
  const blocks = view.questions.map((question, index) => block(model, question, index + 1));
  const unkept = h("p", { class: "course-meta" });
  const heading = h("h3", {}, view.heading);
  const root = frame("quiz", heading, h("ol", { class: "course-questions" }, ...blocks.map((one) => one.element)), unkept);
  root.setAttribute("aria-label", view.heading);
  el.append(root);
  for (const one of blocks) one.start();
  return followBoth(model, (now) => {
    for (const one of blocks) one.draw();
    unkept.textContent = now.unkept ?? "";
  });
}

export default { render };
