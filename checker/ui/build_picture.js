const OUTCOMES = { cached: ["≡", "cached"], ran: ["▶", "ran"] };

const took = ({ outcome, seconds }) => (outcome === "ran" && seconds >= 0.05 ? ` in ${seconds.toFixed(1)} s` : "");

/** One step: what it did, as a sign and a word, and a bar as long as its share of the longest step. */
function step(one, longest) {
  const [sign, word] = OUTCOMES[one.outcome] ?? ["?", one.outcome];
  const share = one.outcome === "ran" ? Math.max(1, (100 * one.seconds) / longest) : 0;
  return h("li", { class: `build-step build-${one.outcome}` },
    h("span", { class: "build-word" }, h("span", { "aria-hidden": "true" }, sign), ` ${word}${took(one)}`),
    h("code", { title: one.instruction }, one.instruction),
    h("span", { class: "build-bar", "aria-hidden": "true" }, h("span", { style: `width: ${share.toFixed(1)}%` })));
}

function column(build, longest) {
  const stages = [...new Set(build.steps.map((one) => one.stage))];
  const lists = stages.map((stage) => h("div", {},
    stage ? h("h5", {}, "stage ", h("code", {}, stage)) : null,
    h("ol", { class: "build-list", "aria-label": `Steps of ${build.image}${stage ? `, stage ${stage}` : ""}` },
      ...build.steps.filter((one) => one.stage === stage).map((one) => step(one, longest)))));
  const ran = build.steps.filter((one) => one.outcome === "ran");
  const time = ran.reduce((sum, one) => sum + one.seconds, 0);
  return h("div", { class: "build-column" },
    h("h4", {}, build.image, " ", h("small", {}, `${ran.length} of ${build.steps.length} steps ran, ${time.toFixed(1)} s`)),
    ...lists);
}

function render({ model, el }) {
  const grid = h("div", { class: "build-grid" });
  const { root, tell } = pictureFrame("build", grid);
  el.append(root);
  return follow(model, (view) => {
    const steps = view.builds.flatMap((build) => build.steps.map((one) => ({ ...one, image: build.image })));
    const longest = Math.max(0.01, ...steps.map((one) => one.seconds));
    grid.replaceChildren(...view.builds.map((build) => column(build, longest)));
    tell(view, `The steps as a table (${steps.length})`,
      table(["Image", "Stage", "Step", "Outcome"],
        steps.map((one) => [one.image, one.stage || "the only one", one.instruction, `${one.outcome}${took(one)}`])));
  });
}

export default { render };
