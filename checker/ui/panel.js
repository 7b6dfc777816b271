const SIGNS = {
  open: ["○", "not checked"],
  running: ["…", "running"],
  passed: ["✔", "passed"],
  failed: ["✘", "failed"],
  blocked: ["·", "blocked"],
  timeout: ["◷", "timeout"],
  error: ["!", "error"],
};
const PATIENCE = 1500; // ms until a press that nobody answers is explained

function ago({ name, age }, since) {
  const seconds = Math.round(age + (Date.now() - since) / 1000);
  const count = seconds < 90 ? `${seconds} s` : seconds < 5400 ? `${Math.round(seconds / 60)} min` : "over an hour";
  return `Last saved: ${name}, ${count} ago`;
}

/** Expected – found – why – next, each where there is one. */
function particulars(check) {
  if (check.status === "passed") return null;
  if (check.status === "blocked") return h("p", {}, ...prose(check.message));
  const rows = [
    ["Expected", check.expected],
    ["Found", check.actual],
    [check.expected ? "Why it matters" : "What happened", check.message],
    ["Next", check.next],
    ["Read", check.status === "failed" ? check.docs.join(", ") : ""],
  ].filter(([, text]) => text);
  return h("dl", {}, ...rows.flatMap(([label, text]) => [h("dt", {}, label), h("dd", {}, ...prose(text))]));
}

function checkLine(check) {
  const [sign, word] = SIGNS[check.status];
  const points = check.max_points ? `${check.points ?? "–"} of ${check.max_points}` : "";
  return h(
    "li",
    { class: `course-${check.status}`, "data-check": check.id },
    h("span", { class: "course-sign", "aria-hidden": "true" }, sign),
    h("span", { class: "course-title" }, ...prose(check.title)),
    h("span", { class: "course-word" }, word),
    points ? h("span", { class: "course-points", title: "points" }, points) : null,
    particulars(check),
  );
}

/** Every check of the exercise: as it came out, running, or still open. */
function lines(view) {
  const results = view.results ?? [];
  const all = view.about?.checks ?? [];
  const next = all.findIndex((check) => !results.some((result) => result.id === check.id));
  return all.map((check, index) => {
    const result = results.find((one) => one.id === check.id);
    const waiting = view.busy === "check" && index === next ? "running" : "open";
    const line = checkLine(result ?? { id: check.id, title: check.title, status: waiting });
    if (!view.busy) preliminary(line, result, view.seen?.[check.id]);
    return line;
  });
}

/** A question asked in place: two buttons, Escape says no. */
function question(text, yes, no, agreed, after) {
  const accept = h("button", { type: "button", class: "course-danger" }, yes);
  const decline = h("button", { type: "button" }, no);
  const box = h("div", { class: "course-question", role: "group", "aria-label": text, hidden: true });
  box.append(h("p", {}, text), accept, decline);
  const close = () => {
    box.hidden = true;
    after.focus();
  };
  accept.onclick = () => (close(), agreed());
  decline.onclick = close;
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  return { box, ask: () => ((box.hidden = false), decline.focus()) };
}

/**
 * Let each save of an open file end before the next begins, JupyterLab's own included. Where two overlap, the
 * later one finds a file that is newer than it knows, and asks whether to overwrite what somebody has changed.
 */
function saveInTurn(folder) {
  for (const { context } of documentsIn(folder)) {
    if (context.courseSaves) continue;
    const save = context.save.bind(context);
    context.courseSaves = Promise.resolve();
    context.save = () => (context.courseSaves = context.courseSaves.then(save, save));
  }
}

/** Save what is open of this exercise: a wrong answer is often an unsaved file. */
async function saveOpen(folder) {
  saveInTurn(folder);
  const changed = documentsIn(folder).filter((one) => one.context.model.dirty);
  await Promise.allSettled(changed.map((one) => one.context.save()));
}

/** After a reset: show the notebook as it is now, and run its check cell again. */
async function reload(path) {
  for (const one of documentsIn(path)) {
    await one.context.revert();
    const cells = one.content.widgets ?? [];
    const index = cells.findIndex((cell) => cell.model.getMetadata("tags")?.includes("check"));
    if (index < 0) continue;
    one.content.activeCellIndex = index;
    await lab().commands.execute("notebook:run-cell");
  }
}

function render({ model, el }) {
  const folder = `work/${model.get("view").exercise}/`;
  const button = (label, kind = "") => h("button", { type: "button", class: kind }, label);
  const heading = h("h3", {});
  const meta = h("p", { class: "course-meta" });
  const [check, start, hint, reset, solve] = [
    button("Check", "course-main"), button("Start", "course-main"), button("Hint"), button("Reset"), button("Solution"),
  ];
  const saved = h("span", { class: "course-saved" });
  const progress = h("progress", { "aria-label": "Checks done" });
  const status = h("p", { class: "course-status", role: "status" });
  const message = h("div", { class: "course-message" });
  const list = h("ol", { class: "course-checks", "aria-label": "Checks" });
  const hints = h("ol", { class: "course-hints", "aria-label": "Hints", "aria-live": "polite" });
  const solution = h("div", { class: "course-solution" });

  let answered = 0;
  let saving = false;
  async function act(verb) {
    if (saving || model.get("view").busy) return;
    window.clearTimeout(answered);
    answered = window.setTimeout(() => {
      status.textContent =
        "No answer yet. A cell may still be running: this goes on when it ends. " +
        "If the kernel was restarted, run this cell again.";
    }, PATIENCE);
    saving = true;
    await saveOpen(folder);
    saving = false;
    model.send({ do: verb });
  }
  const sure = question(
    "Begin anew? What this exercise made on the engine is removed. Your files are kept in work/.kept/.",
    "Begin anew", "Keep going", () => act("reset"), reset,
  );
  const surrender = question(
    "The solution opens when you have passed. Give up and see it now? This is recorded.",
    "Give up", "Not yet", () => act("give_up"), solve,
  );
  check.onclick = () => act("check");
  start.onclick = () => act("start");
  hint.onclick = () => act("hint");
  reset.onclick = sure.ask;
  solve.onclick = surrender.ask;

  const watch = watchSwitch(model);
  const terminal = terminalButton(folder);
  const root = h(
    "section",
    { class: "course course-panel", "data-lm-suppress-shortcuts": "true" },
    heading, meta,
    h("div", { class: "course-buttons" }, check, start, hint, reset, solve, terminal.button, saved),
    terminal.line, sure.box, surrender.box, progress, status, message, watch.row, list, hints, solution,
  );
  el.append(root);

  let since = Date.now();
  let moment = null;
  const tick = () => {
    saveInTurn(folder); // a file may have been opened since
    saved.textContent = moment ? ago(moment, since) : "";
    watch.live(root);
  };

  function draw(view) {
    window.clearTimeout(answered);
    const about = view.about ?? {};
    const standing = view.standing ?? {};
    root.setAttribute("aria-label", `Exercise: ${about.title ?? view.exercise}`);
    root.setAttribute("aria-busy", String(Boolean(view.busy)));
    root.dataset.verdict = view.verdict ?? "";
    heading.textContent = about.title ?? view.exercise;
    meta.textContent = metaLine(about, standing);
    for (const one of [check, start, hint, reset, solve]) one.setAttribute("aria-disabled", String(Boolean(view.busy)));
    start.hidden = !view.about || standing.recorded;
    check.hidden = !view.about || !standing.started;
    hint.hidden = !view.about || !standing.hints_left;
    hint.textContent = standing.hints?.length ? `Next hint (${standing.hints_left} left)` : "Hint";
    reset.hidden = !standing.recorded;
    solve.hidden = !view.about || Boolean(standing.solution);
    progress.hidden = view.busy !== "check";
    progress.max = about.checks?.length || 1;
    progress.value = view.results?.length ?? 0;
    if (status.textContent !== view.say) status.textContent = view.say;
    message.replaceChildren(...messageLines(view, standing));
    list.replaceChildren(...lines(view));
    if (hints.children.length !== (standing.hints?.length ?? 0))
      hints.replaceChildren(...(standing.hints ?? []).map((text) => h("li", {}, ...prose(text))));
    drawSolution(solution, standing);
    watch.draw(view);
    terminal.draw(view);
    [moment, since] = [view.saved, Date.now()];
    tick();
  }

  let looked = 0;
  const look = () => {
    if (model.get("view").busy || Date.now() - looked < 2000) return;
    looked = Date.now();
    model.send({ do: "look" });
  };
  root.addEventListener("pointerenter", look);
  root.addEventListener("focusin", look);
  const custom = (content) => content.do === "reload" && reload(`${folder}exercise.ipynb`);
  model.on("msg:custom", custom);
  const clock = window.setInterval(tick, 1000);
  const unfollow = follow(model, draw);
  return () => {
    unfollow();
    watch.end();
    model.off("msg:custom", custom);
    window.clearInterval(clock);
    window.clearTimeout(answered);
  };
}

function metaLine(about, standing) {
  if (!about.title) return "";
  const parts = [`${about.minutes} minutes`, about.core ? "core" : "extra"];
  if (standing.passed_before) parts.push("passed");
  if (about.interactive) parts.push("done in a terminal, so a regrade elsewhere does not see it");
  return parts.join(" · ");
}

/** What belongs to the whole: trouble, why it passed, or that it has not begun. */
function messageLines(view, standing) {
  const { trouble } = view;
  if (trouble) return trouble.next ? [h("p", {}, h("strong", {}, "Next: "), ...prose(trouble.next))] : [];
  if (view.about && !view.busy && !standing.started)
    return [h("p", {}, "This exercise has not begun. Start makes your copy of its files and sets the scene.")];
  if (view.about && !view.busy && !standing.recorded)
    return [
      h("p", {}, "The note of how this exercise began, .course.json, is missing or damaged. ",
        "Start sets the scene anew and keeps your files."),
    ];
  return (view.message ?? "").split("\n").filter(Boolean).map((line) => h("p", {}, ...prose(line)));
}

function drawSolution(place, { solution, why }) {
  if (place.dataset.path === solution) return;
  place.dataset.path = solution ?? "";
  if (!solution) return place.replaceChildren();
  place.replaceChildren(
    h("p", {}, "Solution: ", fileLink(`${solution}/exercise.ipynb`, "the solved notebook"),
      ...(why ? [" · ", fileLink(`${solution}/why.md`, "why it works")] : [])),
  );
}

export default { render };
