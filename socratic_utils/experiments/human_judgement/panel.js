// The panel in the browser: sends "left", "same", "right" or "undo" to panel.py.

const KEYS = {
  ArrowLeft: "left", ArrowDown: "same", ArrowRight: "right", ArrowUp: "undo",
};
const LABELS = {
  left: "← Left", same: "↓ Cannot tell", right: "Right →", undo: "↑ Undo",
};

function add(parent, tag, name, text = "") {
  const element = document.createElement(tag);
  element.className = `judge-${name}`;
  element.textContent = text;
  return parent.appendChild(element);
}

function render({ model, el }) {
  const panel = add(el, "div", "panel");
  panel.tabIndex = 0;
  const bar = add(panel, "div", "bar");
  const buttons = {};
  for (const [action, label] of Object.entries(LABELS)) {
    buttons[action] = add(bar, "button", action, label);
    buttons[action].onclick = () => {
      model.send(action);
      panel.focus({ preventScroll: true }); // a button that is disabled loses it
      bar.scrollIntoView({ block: "nearest" });
    };
  }
  const progress = add(bar, "progress", "progress");
  const count = add(bar, "span", "count");
  const notes = add(panel, "div", "notes");
  add(notes, "span", "off", "Click into the panel to use the arrow keys.");
  add(notes, "span", "on", "The arrow keys are active.");
  const message = add(notes, "span", "message");
  message.setAttribute("role", "status");
  const problem = add(panel, "div", "problem");
  const pair = add(panel, "div", "pair");
  const sides = ["left", "right"].map((side) => {
    const box = add(pair, "div", "side");
    add(box, "div", "title", side === "left" ? "Left" : "Right");
    return [side, add(box, "div", "chain")];
  });

  panel.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation(); // JupyterLab would select, edit or delete cells
    if (!(event.key in KEYS) || event.shiftKey) return;
    event.preventDefault(); // no scrolling
    if (!event.repeat) buttons[KEYS[event.key]].click();
  };

  const update = () => {
    const shown = model.get("shown");
    const finished = shown.judged === shown.total;
    for (const [action, button] of Object.entries(buttons)) {
      button.disabled = action === "undo" ? !shown.undo : finished;
    }
    progress.max = shown.total;
    progress.value = shown.judged;
    count.textContent = `${shown.judged} of ${shown.total} judged`;
    message.textContent = shown.message;
    problem.textContent = shown.problem;
    pair.hidden = finished;
    for (const [side, chain] of sides) chain.textContent = shown[side] ?? "";
  };
  model.on("change:shown", update);
  update();
  return () => model.off("change:shown", update);
}

export default { render };
