// The switch of the check panel that runs, while the learner works, the checks that only look.

const SIGN_OF_LIFE = 20000; // ms between two signs that the panel is shown
const QUIET = 3000; // ms between two sentences for a screen reader
const SEEN = { done: ["◉", "looks done"], open: ["◌", "not yet"] };

/** Write what was seen into a line: never a verdict, and beside one only where things have changed since. */
function preliminary(line, result, state) {
  if (!SEEN[state]) return;
  const [sign, word] = SEEN[state];
  if (!result) {
    line.classList.add("course-seen", `course-seen-${state}`);
    line.querySelector(".course-sign").textContent = sign;
    line.querySelector(".course-word").textContent = word;
  } else if ((result.status === "passed") !== (state === "done")) {
    line.append(h("p", { class: "course-since" },
      h("span", { "aria-hidden": "true" }, `${sign} `), `Changed since the last Check: ${word} now.`));
  }
}

/** The switch and its sentence. live(root) tells the kernel now and then that the panel is shown. */
function watchSwitch(model) {
  const label = h("span", { class: "course-knob", "aria-hidden": "true" });
  const button = h("button", { type: "button", role: "switch", class: "course-switch", "aria-checked": "false" },
    label, "Watch");
  const says = h("p", { class: "course-watch-says" });
  const spoken = h("p", { class: "course-spoken", "aria-live": "polite" });
  const row = h("div", { class: "course-watch", hidden: true }, button, says, spoken);
  button.onclick = () => {
    const on = button.getAttribute("aria-checked") !== "true";
    button.setAttribute("aria-checked", String(on));
    model.send({ do: "watch", on });
  };
  let timer = 0;
  const speak = () => {
    timer = 0;
    if (spoken.textContent !== says.textContent) spoken.textContent = says.textContent;
  };
  let told = 0;
  return {
    row,
    draw({ watch }) {
      row.hidden = !watch?.able;
      if (!watch) return;
      button.setAttribute("aria-checked", String(watch.on));
      if (says.textContent !== watch.say) says.textContent = watch.say;
      timer ||= window.setTimeout(speak, QUIET);
    },
    live(root) {
      const shown = root.offsetParent !== null && document.visibilityState === "visible";
      if (!shown || row.hidden || Date.now() - told < SIGN_OF_LIFE) return;
      told = Date.now();
      model.send({ do: "alive" });
    },
    end: () => window.clearTimeout(timer),
  };
}
