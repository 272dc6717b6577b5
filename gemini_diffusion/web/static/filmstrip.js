// The pictures of the conversation in a row beside the large one. A press or an arrow key selects; what is large is marked.
window.filmstrip = (() => {
  const REST = 120; // milliseconds after the last arrow key of several
  const KEEPS_ARROWS = "input, textarea, select, canvas, [contenteditable], [role=tab], [role=radio], [role=listbox], [role=slider], dialog";
  const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 };
  let strip = null, tell = null, wanted = null, pause = 0;

  const large = () => document.querySelector("#picture img");
  const buttons = () => [...(strip?.children ?? [])];
  const shown = () => buttons().find((button) => button.firstChild.src === large()?.src);
  const mark = (button = shown()) => {
    for (const other of buttons()) {
      other.ariaCurrent = other === button ? "true" : null;
      other.tabIndex = other === (button ?? strip.firstChild) ? 0 : -1;
    }
    if (!button) return;
    const around = strip.getBoundingClientRect(), at = button.getBoundingClientRect();
    strip.scrollBy(at.left - around.left - (around.width - at.width) / 2, at.top - around.top - (around.height - at.height) / 2);
  };
  const select = (button, after = 0) => {
    mark((wanted = button));
    clearTimeout(pause);
    pause = setTimeout(() => tell(button.value), after);
  };
  const walk = (step) => {
    const all = buttons(), from = all.indexOf(wanted ?? shown());
    const next = all[from < 0 ? all.length - 1 : from + step];
    if (next) select(next, REST);
    return next;
  };

  const made = ({ id, file, alt, number, parent }) => {
    const button = document.createElement("button"), image = new Image();
    const from = parent ? `, from picture ${parent}` : "";
    Object.assign(image, { src: file, alt, loading: "lazy", decoding: "async", draggable: false });
    Object.assign(button, { type: "button", className: "image-frame", value: id, title: `Picture ${number}${from}` });
    button.append(image);
    if (parent && parent !== number - 1) {
      const branch = Object.assign(document.createElement("span"), { className: "branch", textContent: `from ${parent}`, ariaHidden: "true" });
      button.append(branch);
    }
    image.addEventListener("error", () => button.remove()); // it was deleted
    button.addEventListener("click", () => select(button));
    return button;
  };
  const show = (frames) => { // what stays is not touched, so that it keeps its picture and the focus
    const known = new Map(buttons().map((button) => [button.value, button]));
    frames.forEach((frame, place) => {
      const button = known.get(frame.id) ?? made(frame);
      if (strip.children[place] !== button) strip.insertBefore(button, strip.children[place] ?? null);
    });
    while (strip.children.length > frames.length) strip.lastChild.remove();
    mark(wanted?.isConnected ? wanted : shown());
  };

  document.addEventListener("load", ({ target }) => {
    if (target !== large() || !strip) return;
    wanted = null;
    mark();
  }, true);
  document.addEventListener("keydown", (event) => {
    const { key, target, altKey, ctrlKey, metaKey, shiftKey } = event, inside = strip?.contains(target);
    if (!(key in STEPS) || altKey || ctrlKey || metaKey || shiftKey || (!inside && !/Left|Right/.test(key))) return;
    if (!strip?.checkVisibility() || target.closest(KEEPS_ARROWS) || document.querySelector("#image-panel.editing, dialog[open]")) return;
    const next = walk(STEPS[key]);
    if (!next) return;
    event.preventDefault();
    if (inside) next.focus({ preventScroll: true });
  });

  return {
    watch: (element, props, press, watch) => {
      tell = press;
      const put = () => {
        strip = element.querySelector("nav");
        show(props.value ?? []);
      };
      watch("value", put);
      put();
    },
    // Those that can be walked through from the large picture, and select one of them
    row: () => (shown() ? buttons() : []),
    shown,
    select,
  };
})();
