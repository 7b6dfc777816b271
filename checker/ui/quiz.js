const HOW = {
  one: "One answer is right.",
  many: "One or more answers are right.",
  order: "The arrows, also those of the keyboard, move a line up or down.",
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
      changed(`Now number ${to + 1}: ${text.replaceAll("`", "")}`);
    };
    const keys = { ArrowUp: -1, ArrowDown: 1 };
    const buttons = [["↑", "up", -1], ["↓", "down", 1]].map(([sign, word, step]) => {
      const button = h("button", { type: "button", "aria-label": `Move ${word}: ${text}`, title: `Move ${word}` }, sign);
      button.onclick = () => move(step);
      return button;
    });
    const moves = h("span", { class: "course-moves" }, ...buttons);
    moves.addEventListener("keydown", (event) => {
      if (!keys[event.key]) return;
      event.preventDefault(); // the page would scroll
      move(keys[event.key]);
    });
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

/** The sign beside each option that was picked, and its explanation; beside all, once it is right or all are asked for. */
function explain(question, group, given) {
  question.options.forEach((option, index) => {
    if (question.kind === "order") {
      if (given.all || given.right) group.note(index, "", option.why);
      else group.note(index, given.picked[index] === index ? "right" : "not right", "");
    } else if (given.all || given.right || given.picked.includes(index)) {
      group.note(index, option.right ? "right" : "not right", option.why);
    } else {
      group.note(index, "", "");
    }
  });
}

/** How a question was answered before, and the chapter that it is from. */
function about(view, question) {
  const chapter = question.key.split("/")[0];
  const origin = view.origins && [
    "From chapter ", fileLink(`work/${chapter}.ipynb`, view.origins[chapter] ?? chapter), ". ",
  ];
  return [...(origin ?? []), view.before[question.key] ?? ""];
}

function block(model, question, number) {
  const mine = () => model.get("answer")[question.key] ?? {};
  const change = (fields) => keep(model, { [question.key]: { ...mine(), ...fields } });
  if (!mine().order) change({ order: shuffled(question.options.length) });
  const says = question.options.map((option) => option.say);
  const touched = (moved) => {
    const answered = mine().picked ? "Changed. Press Answer when you are ready." : "";
    status.textContent = typeof moved === "string" ? `${moved}. ${answered}` : answered;
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
  const known = h("p", { class: "course-meta" });
  const element = h("li", { "data-question": question.key },
    h("fieldset", {},
      h("legend", {}, `${number}. `, ...prose(question.ask), " ", h("span", { class: "course-kind" }, HOW[question.kind])),
      known, group.box, h("div", { class: "course-buttons" }, answer, all), status));
  all.hidden = true;

  function accept() {
    const picked = [...group.picked()];
    if (!picked.length) return (status.textContent = "Choose first.");
    drawn = "";
    const right = isRight(question, picked);
    change({ picked, right, first: mine().first ?? right });
    if (answer.hidden) focusOn(status);
  }
  answer.onclick = accept;
  if (question.kind !== "order") onEnter(group.box, () => mine().right || accept());
  all.onclick = () => {
    change({ all: true });
    focusOn(status);
  };
  return {
    element,
    draw(view) {
      const given = mine();
      known.replaceChildren(...about(view, question));
      element.hidden = Boolean(given.aside);
      const state = JSON.stringify(given);
      if (!given.picked || state === drawn) return;
      drawn = state;
      const done = Boolean(given.all || given.right);
      if (question.kind === "order" && given.all) group.pick([...says.keys()]);
      else group.pick(given.picked);
      explain(question, group, given);
      if (done) group.close();
      answer.hidden = done;
      all.hidden = done;
      status.replaceChildren(...judged(given.right ? "right" : "not right", remark(question, given)));
    },
  };
}

/** What a round came to, once each of its questions was answered; and another round of what was not right. */
function ending(model, asked) {
  const result = h("p", { class: "course-outcome", role: "status" });
  const again = press("Ask again what was not right", "course-main");
  again.onclick = () => {
    const { round = 1, ...answers } = model.get("answer");
    const next = asked().map(({ key, options }) => [
      key, answers[key].first ? { ...answers[key], aside: true } : { order: shuffled(options.length) },
    ]);
    keep(model, { round: round + 1, ...Object.fromEntries(next) });
  };
  function draw(answer) {
    const firsts = asked().map(({ key }) => answer[key] ?? {}).filter(({ aside }) => !aside).map(({ first }) => first);
    const over = firsts.length > 0 && !firsts.includes(undefined);
    const right = firsts.filter(Boolean).length;
    const words = over ? `${right} of ${firsts.length} right at first try${answer.round ? " in this round" : ""}.` : "";
    if (result.textContent !== words) result.textContent = words;
    again.hidden = !over || right === firsts.length;
  }
  return { element: h("div", { class: "course-ending" }, result, again), draw };
}

function render({ model, el }) {
  let [blocks, drawn] = [[], ""];
  const asked = () => model.get("view").questions;
  const { heading } = model.get("view");
  const waiting = h("p", {}, "Choosing questions …");
  const list = h("ol", { class: "course-questions" });
  const end = ending(model, asked);
  const unkept = h("p", { class: "course-meta" });
  const root = frame("quiz", h("h3", {}, heading), waiting, list, end.element, unkept);
  root.setAttribute("aria-label", heading);
  el.append(root);
  return followBoth(model, (view, answer) => {
    const round = JSON.stringify([answer.round, view.questions.map(({ key }) => key)]);
    const anew = drawn && answer.round && round !== drawn;
    if (round !== drawn) {
      drawn = round; // at once: making a block changes the answer, which draws again
      blocks = [];
      blocks = view.questions.map((question, index) => block(model, question, index + 1));
      list.replaceChildren(...blocks.map(({ element }) => element));
    }
    waiting.hidden = view.questions.length > 0;
    for (const one of blocks) one.draw(view);
    end.draw(model.get("answer"));
    unkept.textContent = view.unkept ?? "";
    if (anew) list.querySelector("li:not([hidden]) :is(input, button:enabled)")?.focus();
  });
}

export default { render };
