// A prompt with whose words are whose. Every word is set as text, never as HTML.
window.showPromptWords = (element, props, tell, watch) => {
  const make = (tag, look, text) => Object.assign(document.createElement(tag), { className: look, textContent: text });
  const button = (look, text, order, label) => {
    const made = make("button", look, text);
    made.type = "button";
    if (label) made.setAttribute("aria-label", label);
    made.addEventListener("click", () => {
      pressed = buttons().indexOf(made);
      tell(order);
    });
    return made;
  };
  const buttons = () => [...element.querySelectorAll("button")];
  let pressed = -1; // where a person was whose button is gone by the next prompt

  const piece = ({ words, text, source, said }, place) => {
    if (source === "yours" || !words) return document.createTextNode(text);
    const chip = button(`chip ${source}`, "", { do: "remove", place, text }, `Take out: ${words}`);
    const inside = make("span", "", "");
    if (said) inside.append(make("s", "", said), " ");
    inside.append(words);
    chip.title = said ? `You said: ${said}` : source === "style" ? "From the style" : "Added to your words";
    chip.append(inside);
    return chip;
  };
  const show = () => {
    const place = element.querySelector(".words");
    const { parts = [], lost = [], has_added: added, is_edited: edited } = props.value || {};
    place.replaceChildren();
    if (!props.value) return;
    const head = make("div", "head", "");
    head.append(make("span", "", "Prompt"));
    if (edited) head.append(button("quiet", "Undo", { do: "undo" }, "Undo the changes to the prompt"));
    if (added) head.append(button("quiet", "Only my words", { do: "mine" }));
    const text = make("p", "text", "");
    text.append(...parts.map(piece));
    text.addEventListener("click", ({ target }) => {
      if (!target.closest("button")) element.closest(".prompt-words").querySelector("textarea").focus();
    });
    place.append(head, text);
    for (const word of lost) {
      const said = make("p", "lost", `Not found in the prompt: ${word}`);
      said.append(button("quiet", "Put it in", { do: "put in", word }, `Put it in: ${word}`));
      place.append(said);
    }
    if (pressed >= 0 && document.activeElement === document.body) (buttons()[pressed] || buttons().at(-1))?.focus();
    pressed = -1;
  };
  watch("value", show);
  show();
};
