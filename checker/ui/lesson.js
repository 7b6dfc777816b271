// Shared by what a lesson asks. `answer` is the person's; it lives in the model, so that no redraw loses it.

const SIGNS = {
  right: "✔", "about right": "≈", "not right": "✘", "no choice fits": "○", skipped: "–", "not predicted": "·",
};

/** Change the answer, here and in the kernel. */
function keep(model, fields) {
  model.set("answer", { ...model.get("answer"), ...fields });
  model.save_changes();
}

/** Draw now, and at each change of the view or the answer; return what ends it. */
function followBoth(model, draw) {
  const redraw = () => draw(model.get("view"), model.get("answer"));
  model.on("change:view change:answer", redraw);
  redraw();
  return () => model.off("change:view change:answer", redraw);
}

/** The numbers below `count` in an order of chance; never as they stand. */
function shuffled(count) {
  const order = [...Array(count).keys()];
  do {
    for (let last = count - 1; last > 0; last--) {
      const other = Math.floor(Math.random() * (last + 1));
      [order[last], order[other]] = [order[other], order[last]];
    }
  } while (count > 1 && order.every((number, index) => number === index));
  return order;
}

/** Paragraphs of a text: an empty line parts them, a single line end is a space. */
function paragraphs(text) {
  return text.split(/\n\s*\n/).map((one) => h("p", {}, ...prose(one.replaceAll(/\s*\n\s*/g, " "))));
}

/** What is said after a sign and its word, "✔ right" or "✘ not right"; alone where there is no word. */
function judged(word, text) {
  if (!word) return prose(text);
  const chip = h("span", { class: "course-verdict", "data-verdict": word },
    h("span", { "aria-hidden": "true" }, SIGNS[word]), ` ${word}`);
  return [chip, " ", ...prose(text)];
}

/** A place beside an option for its sign and explanation. It is there from the start, so that it is read out. */
function notePlace() {
  const place = h("div", { class: "course-note", "aria-live": "polite" });
  const write = (line, word, text) => {
    line.dataset.verdict = word;
    place.replaceChildren(...judged(word, text));
  };
  return { place, write };
}

/** Radio buttons, or boxes to tick, one for each text; `order` says where each stands. */
function choiceGroup(type, texts, order, changed) {
  const name = `course-${Math.random()}`; // one name is one group on the whole page, other widgets' included
  const inputs = texts.map((_, index) => h("input", { type, name, value: String(index) }));
  const lines = texts.map((text, index) => {
    const note = notePlace();
    const label = h("label", {}, inputs[index], h("span", {}, ...prose(text)));
    return { note, line: h("div", { class: "course-choice" }, label, note.place) };
  });
  const box = h("div", { class: "course-choices" }, ...order.map((index) => lines[index].line));
  box.addEventListener("change", changed);
  return {
    box,
    picked: () => texts.map((_, index) => index).filter((index) => inputs[index].checked),
    pick: (indices) => inputs.forEach((input, index) => (input.checked = indices.includes(index))),
    close: (which = [...inputs.keys()]) => which.forEach((index) => (inputs[index].disabled = true)),
    note: (index, word, text) => lines[index].note.write(lines[index].line, word, text),
  };
}

/** Move the focus to what is no control, because the pressed one has gone. */
function focusOn(element) {
  if (element.tagName !== "BUTTON") element.tabIndex = -1;
  element.focus();
}

/** Do what the button below would do, where Enter is pressed on one of the inputs. */
function onEnter(box, act) {
  box.addEventListener("keydown", (event) => event.key === "Enter" && event.target.tagName === "INPUT" && act());
}

const press = (label, kind = "") => h("button", { type: "button", class: kind }, label);
const frame = (kind, ...children) =>
  h("section", { class: `course course-lesson course-${kind}`, "data-lm-suppress-shortcuts": "true" }, ...children);
const statusLine = () => h("p", { class: "course-status", role: "status" });
