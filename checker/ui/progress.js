// Shared by what shows the learner's progress: signs, links that start or open, and staying up to date.

const SIGNS = { passed: "✔", begun: "…", open: "○" };
const notebookOf = (id) => `work/${id}/exercise.ipynb`;

/** Ask the kernel to look when this comes into sight; with a pace in ms, also while it stays there. */
function keepFresh(model, root, pace = 0) {
  let [waiting, inSight, mine] = [false, false, false];
  const look = (anyway = false) => {
    if (waiting || !inSight || document.hidden) return; // one question at a time: the kernel may be busy
    waiting = true;
    model.send({ do: "look", anyway });
  };
  const glance = () => look();
  const heard = ({ do: what, path }) => {
    if (what === "looked") waiting = false;
    if (what === "begun" && mine) {
      mine = false;
      if (path && lab()) lab().commands.execute("docmanager:open", { path });
    }
  };
  const sight = new IntersectionObserver((entries) => {
    inSight = entries.at(-1).isIntersecting;
    glance();
  });
  const timer = pace ? setInterval(glance, pace) : 0;
  model.on("msg:custom", heard);
  sight.observe(root);
  root.addEventListener("pointerenter", glance);
  document.addEventListener("visibilitychange", glance);
  window.addEventListener("focus", glance);
  return {
    refresh: () => look(true),
    start: (exercise) => {
      mine = true;
      model.send({ do: "start", exercise });
    },
    end: () => {
      clearInterval(timer);
      sight.disconnect();
      model.off("msg:custom", heard);
      document.removeEventListener("visibilitychange", glance);
      window.removeEventListener("focus", glance);
    },
  };
}

/** The link to an exercise that was begun; of another one its title. */
const exerciseName = ({ id, title, started }) =>
  started ? fileLink(notebookOf(id), title) : h("span", { class: "course-name" }, title);

/** The button that starts an exercise; none where the link is enough. */
function startButton({ id, title, started }, fresh) {
  if (started) return null;
  const button = h("button", { type: "button", class: "course-start", "aria-label": `Start ${title}` }, "Start");
  button.addEventListener("click", () => fresh.start(id));
  return button;
}

/** An exercise's minutes, kind and state: " · 5 minutes · core · passed, 3 of 3 points". */
function exerciseState({ minutes, core, state, word, score, max_score: most }) {
  const points = `${score == null ? "" : `${score} of `}${most} point${most === 1 ? "" : "s"}`;
  return h("span", { class: "course-word" }, ` · ${minutes} minutes · `, core ? h("strong", {}, "core") : "extra", " · ",
    h("span", { class: `course-is-${state}` }, word), most ? `, ${points}` : "");
}

const exerciseSign = ({ state }) =>
  h("span", { class: `course-sign course-is-${state}`, "aria-hidden": "true" }, SIGNS[state]);

/** A whole line about an exercise. */
const exerciseParts = (row, fresh) =>
  [exerciseSign(row), h("span", {}, exerciseName(row), exerciseState(row), " ", startButton(row, fresh) ?? "")];

/** "Go on with: …", with its links. */
function goOn(next, fresh) {
  if (!next) return [];
  if (!next.say) return [h("span", {}, next.why)];
  const row = { id: next.exercise, title: next.title, started: next.started };
  const exercise = h("span", {}, exerciseName(row), " ", startButton(row, fresh) ?? "");
  const say = h("strong", {}, `${next.say}: `);
  if (!next.lesson) return [say, exercise, h("span", { class: "course-word" }, ` (${next.why})`)];
  const name = next.lesson.slice("work/".length, -".ipynb".length);
  return [say, fileLink(next.lesson, name), h("span", { class: "course-word" }, `. ${next.why} `), exercise];
}

/** What is being done, and what is wrong. */
function noteLines({ busy, trouble }) {
  const lines = busy ? [h("p", {}, busy)] : [];
  if (trouble) lines.push(h("p", {}, ...prose(trouble.message)));
  if (trouble?.next) lines.push(h("p", {}, h("strong", {}, "Next: "), ...prose(trouble.next)));
  return lines;
}

/** Put new children where the old ones are; the focus stays on what has the same words. */
function redrawn(place, ...children) {
  const words = place.contains(document.activeElement) ? document.activeElement.textContent : null;
  place.replaceChildren(...children);
  if (words !== null) [...place.querySelectorAll("a, button, summary")].find((one) => one.textContent === words)?.focus();
}
