// The form that builds a request. Every word of the table and of the person is set as text, never as HTML.
window.showBuilder = (element, props, tell) => {
  const make = (tag, set = {}, ...inside) => {
    const made = Object.assign(document.createElement(tag), set);
    made.append(...inside);
    return made;
  };
  const dialog = element.querySelector("dialog");
  let fields = [], form = null;

  const suggestions = (field) => {
    if (!field.of) return field.choices;
    const of = fields.find((other) => other.name === field.of)?.input.value.trim().toLowerCase();
    return field.choices[of] ?? Object.values(field.choices).flat();
  };
  const offer = () => fields.forEach((field) => field.list.replaceChildren(...suggestions(field).map((value) => make("option", { value }))));
  const line = (field) => {
    field.list = make("datalist", { id: `build-${field.name}-list` });
    field.input = make("input", { type: "text", maxLength: 200, autocomplete: "off", placeholder: field.of ? "any" : "left open" });
    field.input.setAttribute("list", field.list.id);
    field.input.addEventListener("input", offer);
    return make("label", {}, make("span", { textContent: field.label }), field.input, field.list);
  };
  const number = make("select", {}, ...[1, 2, 3, 4].map((value) => make("option", { value, textContent: value === 1 ? "1 picture" : `${value} pictures` })));
  const choose = (wanted) => {
    form = wanted;
    fields = form.fields.map((field) => ({ ...field }));
    const varied = make("label", { className: "varied" }, make("span", { textContent: "Different people, if the person is left open" }), number);
    body.replaceChildren(...fields.map(line), ...(form.varied ? [varied] : []));
    number.value = "1";
    kinds.querySelectorAll("button").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.kind === form.kind)));
    offer();
  };
  const kinds = make("div", { className: "kinds" }, ...(props.value ?? []).map((one) => {
    const button = make("button", { type: "button", textContent: one.label });
    button.dataset.kind = one.kind;
    button.addEventListener("click", () => choose(one));
    return button;
  }));
  const body = make("div", { className: "fields" });
  const put = make("button", { type: "button", className: "put", textContent: "Put it into the box" });
  const away = make("button", { type: "button", textContent: "Cancel" });
  away.addEventListener("click", () => dialog.close());
  const send = () => {
    const chosen = Object.fromEntries(fields.map((field) => [field.name, field.input.value.trim()]));
    tell({ kind: form.kind, chosen, pictures: Number(number.value) });
    dialog.addEventListener("close", () => document.querySelector("#box textarea")?.focus(), { once: true });
    dialog.close();
  };
  put.addEventListener("click", send);
  body.addEventListener("keydown", ({ key, target }) => { if (key === "Enter" && target instanceof HTMLInputElement) send(); });
  dialog.setAttribute("aria-label", "Build a request");
  dialog.replaceChildren(kinds, body, make("div", { className: "ends" }, away, put));
  window.openBuilder = () => {
    if (!form) choose(props.value[0]);
    const draft = document.querySelector("#box textarea")?.value.trim();
    put.textContent = draft ? "Put it in place of what is in the box" : "Put it into the box";
    dialog.showModal();
  };
};
