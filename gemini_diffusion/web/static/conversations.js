// The chips above the message box: every word is set as text, never as HTML.
window.showChips = (element, props, tell, watch) => {
  const make = (tag, look, text) => Object.assign(document.createElement(tag), { className: look, textContent: text });
  const chip = ({ do: what, id, label, text }) => {
    const made = make("span", `composer-chip ${what}`, "");
    const away = make("button", "away", "\u00d7");
    away.type = "button";
    away.setAttribute("aria-label", `Take away: ${label} ${text}`);
    away.addEventListener("click", () => tell({ do: what, id }));
    made.append(make("b", "", label), make("span", "said", text), away);
    return made;
  };
  const show = () => element.querySelector(".chips").replaceChildren(...(props.value || []).map(chip));
  watch("value", show);
  show();
};
