// The second prompt as chips: a press or a key chooses one, which can then be moved and taken out. Words are set as text only.
window.showKeywords = (element, props, watch) => {
  const make = (tag, look, text) => Object.assign(document.createElement(tag), { className: look, textContent: text });
  let words = []; // each phrase as it is written, "(fox:1.5)"
  let chosen = -1;

  const split = (text) => {
    const phrases = [""];
    let depth = 0;
    for (const sign of text) {
      depth += (sign === "(") - (sign === ")");
      if (sign === "," && depth < 1) phrases.push("");
      else phrases[phrases.length - 1] += sign;
    }
    return phrases.map((phrase) => phrase.trim()).filter(Boolean);
  };
  const keep = (at) => {
    chosen = at;
    props.value = words.join(", ");
    show(at);
  };
  const move = (at, by) => {
    const to = at + by;
    if (to < 0 || to >= words.length) return;
    words.splice(to, 0, ...words.splice(at, 1));
    keep(to);
  };
  const remove = (at) => {
    words.splice(at, 1);
    keep(Math.min(at, words.length - 1));
  };
  const keys = (at) => (event) => {
    const orders = {
      ArrowLeft: () => move(at, -1), ArrowRight: () => move(at, 1), Delete: () => remove(at), Backspace: () => remove(at),
    };
    if (!orders[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation(); // the arrows also walk through the pictures
    orders[event.key]();
  };
  const tool = (sign, label, order, off) => {
    const made = make("button", "quiet", sign);
    made.type = "button";
    made.disabled = off;
    made.setAttribute("aria-label", label);
    made.addEventListener("click", order);
    return made;
  };
  const chip = (written, at) => {
    const [, word, weight] = written.match(/^\((.*):\s?([\d.]+)\)$/) || [null, written, "1"];
    const number = String(Number(weight));
    const item = make("li", at === chosen ? "keyword chosen" : "keyword", "");
    const pressed = make("button", "", "");
    pressed.type = "button";
    pressed.append(make("span", "", word), make("span", "weight", number));
    pressed.title = `Weight ${number}. Arrow keys move it, Delete takes it out`;
    pressed.setAttribute("aria-label", `${word}, weight ${number}, ${at + 1} of ${words.length}`);
    pressed.setAttribute("aria-pressed", String(at === chosen));
    pressed.addEventListener("click", () => { chosen = at === chosen ? -1 : at; show(at); });
    pressed.addEventListener("keydown", keys(at));
    item.append(pressed);
    if (at === chosen) {
      item.prepend(tool("\u2039", `Move ${word} to the left`, () => move(at, -1), at === 0));
      item.append(tool("\u203a", `Move ${word} to the right`, () => move(at, 1), at === words.length - 1));
      item.append(tool("\u00d7", `Take out ${word}`, () => remove(at), false));
    }
    return item;
  };
  const show = (focused = -1) => {
    const place = element.querySelector(".keywords");
    place.replaceChildren();
    if (!words.length) return;
    const head = make("div", "head", "");
    head.append(make("span", "", "Keywords, for the second text encoder"));
    const list = make("ul", "chips", "");
    list.append(...words.map(chip));
    place.append(head, list);
    list.children[focused]?.querySelector("button[aria-pressed]").focus();
  };
  const read = () => {
    const told = props.value || "";
    if (told !== words.join(", ")) [words, chosen] = [split(told), -1];
    show(document.activeElement === document.body ? chosen : -1);
  };
  watch("value", read);
  read();
};
