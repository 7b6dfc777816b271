// The button of the check panel that opens a terminal in the exercise's folder, below the notebook.

const LAID_OUT = 300; // ms until JupyterLab has made room and has scrolled as it likes

/** The terminal that was opened for `folder` before, also before the page was loaded anew. */
function openTerminal(folder) {
  const name = window.sessionStorage.getItem(`course-terminal:${folder}`);
  return [...lab().shell.widgets("main")].find((one) => name && one.content?.session?.name === name);
}

/** Show the terminal below the notebook, and `panel` above it. */
async function showTerminal(folder, panel) {
  const { commands, shell } = lab();
  const known = openTerminal(folder);
  if (known) return shell.activateById(known.id);
  const ref = documentsIn(folder)[0]?.id ?? null;
  const terminal = await commands.execute("terminal:create-new", { cwd: folder.replace(/\/$/, "") });
  window.sessionStorage.setItem(`course-terminal:${folder}`, terminal.content.session.name);
  if (ref) shell.add(terminal, "main", { mode: "split-bottom", ref });
  shell.activateById(terminal.id);
  window.setTimeout(() => panel.scrollIntoView({ block: "start" }), LAID_OUT);
}

/** The button, and the line below: where to go without it, and how to leave a container without ending it. */
function terminalButton(folder) {
  const button = h("button", { type: "button" }, "Terminal");
  const line = h("div", { class: "course-meta" });
  button.onclick = () =>
    showTerminal(folder, button.closest(".course-panel")).catch(() => line.append(h("p", {}, "No terminal can be opened here. Use one of your own.")));
  return {
    button,
    line,
    draw({ about, standing, folder: path }) {
      const here = Boolean(lab()?.commands.hasCommand("terminal:create-new"));
      button.hidden = !here || !standing?.started;
      const lines = [];
      if (standing?.started && !here) lines.push(`In a terminal, first: \`cd '${path}'\``);
      if (standing?.started && about?.interactive)
        lines.push("To leave a container without ending it, start it with `docker run -it --detach-keys ctrl-x,d`. " +
          "Then press Ctrl-X and D. The browser takes Docker's own keys: Ctrl-P prints, Ctrl-Q closes Firefox.");
      line.replaceChildren(...lines.map((text) => h("p", {}, ...prose(text))));
    },
  };
}
