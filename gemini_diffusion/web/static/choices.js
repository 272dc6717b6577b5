// Shape, style and number as lists of the browser's own: they need no room while they are closed and no code while they are open.
window.showDrawingChoices = (element, props, tell, watch) => {
  const lists = new Map();
  const list = ({ name, label }) => {
    const made = Object.assign(document.createElement("select"), { ariaLabel: label, title: label, name });
    made.addEventListener("change", () => tell({ name, value: made.value }));
    element.querySelector(".lists").append(made);
    lists.set(name, made);
    return made;
  };
  const show = () => {
    for (const entry of props.value ?? []) {
      const shown = lists.get(entry.name) ?? list(entry);
      const options = entry.choices.map(([value, text]) => new Option(text, value));
      if ([...shown.options].map(({ text }) => text).join("\n") !== options.map(({ text }) => text).join("\n")) shown.replaceChildren(...options);
      shown.hidden = options.length < 2;
      shown.value = String(entry.value);
      shown.classList.toggle("set", shown.selectedIndex > 0);
    }
  };
  watch("value", show);
  show();
};
