const WORDS = { own: "≠", joined: "≠", shared: "=", unknown: "?" };
const TITLES = { "memory limit": "Memory limit", "memory in use": "Memory in use", processors: "Processor limit", processes: "Limit for processes" };
/** A path that breaks at its slashes. A container's id is long: the drawing shows its beginning, the table all of it. */
const path = (text) => h("code", {}, ...text.replace(/[0-9a-f]{64}/g, (id) => `${id.slice(0, 12)}…`)
  .split(/(?=\/)/).flatMap((part) => [h("wbr"), part]));

function side(title, kind, { number, host, user }) {
  const row = (term, value) => [h("dt", {}, term), h("dd", {}, value)];
  return h("section", { class: `process-side process-${kind}` }, h("h4", {}, title),
    h("dl", {}, ...row("process number", h("strong", { class: "process-number" }, String(number))),
      ...row("machine's name", host), ...row("user", user)));
}

function twice({ command, inside, outside }) {
  const sides = h("div", { class: "process-sides" }, side("Inside the container", "inside", inside),
    h("p", { class: "process-same" }, h("strong", { "aria-hidden": "true" }, "="), h("span", {}, "one process")),
    side("On the engine's machine", "outside", outside));
  return [h("h3", {}, "One process, seen twice: ", h("code", {}, command)), sides];
}

const verdict = (one) => h("span", { class: `process-word process-${one.is}` },
  h("span", { "aria-hidden": "true" }, `${WORDS[one.is]} `), one.word);

function namespaces({ namespaces: all }) {
  const kind = (one) => h("span", { class: "process-kind" }, h("strong", {}, one.kind), h("span", {}, one.separates));
  const rows = all.map((one) => [kind(one), verdict(one), one.of_process, one.of_engine]);
  const strip = scrollStrip();
  strip.setAttribute("aria-label", "Namespaces; the arrow keys move along them");
  strip.append(table(["Namespace", "It is", "This process", "The engine"], rows));
  return [h("h3", {}, "Namespaces: what it sees"),
    h("p", { class: "course-meta" }, "The numbers are inodes. Equal numbers say: one namespace for both. ",
      "“The engine” is the process that started this one, a part of the engine."), strip];
}

function file(one) {
  return h("li", { class: "process-file" },
    h("h4", {}, `${TITLES[one.key]}: `, h("span", { class: "process-value" }, one.words)),
    h("dl", {}, h("dt", {}, "the file inside"), h("dd", {}, path(one.inside)),
      h("dt", {}, "on the engine's machine"), h("dd", {}, path(one.outside)),
      h("dt", {}, "holds"), h("dd", {}, h("code", {}, one.text))));
}

function group({ files, version }) {
  return [h("h3", {}, "Control group: what it may use"),
    h("p", { class: "course-meta" }, `Version ${version} of control groups. Each file is there once, and has two paths. `,
      "1 MB is 1024 × 1024 bytes. A processor's share is so many µs of each period."),
    h("ul", { class: "process-files" }, ...files.map(file))];
}

function rows({ inside, outside, namespaces: all, files }) {
  return [["process number", String(inside.number), String(outside.number), "one process"],
    ["machine's name", inside.host, outside.host, ""], ["user", inside.user, outside.user, ""],
    ...all.map((one) => [`namespace ${one.kind}`, one.of_process, `${one.of_engine} (the engine's)`, one.word]),
    ...files.map((one) => [one.key, one.inside, one.outside, one.words])];
}

function render({ model, el }) {
  const again = h("button", { type: "button", class: "course-main" }, "Read again");
  const buttons = h("div", { class: "course-buttons" }, again);
  const place = h("div", { class: "process-place" });
  const { root, tell } = pictureFrame("process", buttons, place);
  el.append(root);
  again.addEventListener("click", () => again.getAttribute("aria-disabled") || model.send({ do: "read" }));

  return follow(model, (view) => {
    const { process } = view;
    if (view.reading) again.setAttribute("aria-disabled", "true");
    else again.removeAttribute("aria-disabled");
    place.replaceChildren(...(process ? [...twice(process), ...namespaces(process), ...group(process)] : []));
    const all = process ? rows(process) : [];
    tell(view, `The same as a table (${all.length})`, table(["What", "Inside", "On the engine's machine", "In words"], all));
  });
}

export default { render };
