// A picture finished before one's eyes: a slider a step, before and after side by side, and a copy to keep. The app does the work.
(() => {
  const make = (tag, properties = {}, ...inside) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...inside);
    return made;
  };
  let id = "", dialog = null, asking = false, again = false;

  const sliders = () => [...dialog.querySelectorAll(".steps input")];
  const steps = () => sliders().filter(({ value }) => Number(value)).map(({ name, value }) => `${name}:${value}`).join(",");
  const say = (text) => { dialog.querySelector("[role=status]").textContent = text; };
  const preview = async () => {
    again = asking;
    if (asking) return;
    asking = true;
    const wanted = steps();
    dialog.querySelector(".keep").disabled = !wanted;
    try {
      const { after } = await window.pictures.ask("finish_preview", { id, steps: wanted });
      dialog.querySelector("img:last-child").src = after;
      say("");
    } catch (error) {
      say(error.message);
    }
    asking = false;
    if (again) preview();
  };
  const slider = ([name, low, help]) => {
    const shown = make("output", { textContent: "0" });
    const input = make("input", { type: "range", name, min: low, max: 1, step: 0.05, value: 0, title: help, ariaLabel: `${name}: ${help}` });
    input.addEventListener("input", () => {
      shown.textContent = input.value;
      preview();
    });
    return make("label", { title: help }, make("span", { textContent: name }), input, shown);
  };
  const keep = () => {
    const area = document.querySelector("#finish-steps textarea");
    area.value = steps();
    area.dispatchEvent(new Event("input", { bubbles: true }));
    dialog.close();
    setTimeout(() => document.getElementById("finish-keep").click(), 0);
  };
  const build = (kinds) => {
    const [keeping, close] = [["keep", "Keep a copy", keep], ["close", "Close", () => dialog.close()]].map(([className, textContent, press]) => {
      const made = make("button", { type: "button", className, textContent });
      made.addEventListener("click", press);
      return made;
    });
    const tools = make("div", { className: "steps" }, ...kinds.map(slider), make("p", { role: "status" }), keeping, close);
    const made = make("dialog", { id: "finishing", className: "compared", ariaLabel: "Finish the picture" });
    made.append(make("div", {}, ...window.compare.parted("How much of the original is seen")), tools);
    document.querySelector(".gradio-container .contain").append(made); // where rules for narrow windows reach it
    return made;
  };
  const open = async () => {
    const picture = document.querySelector("#picture img");
    id = document.querySelector("#shown textarea").value;
    const { kinds, after } = await window.pictures.ask("finish_preview", { id, steps: "" });
    dialog ??= build(kinds);
    window.compare.part(dialog, [[picture.src, "Before"], [after, "After"]], picture.naturalWidth / picture.naturalHeight);
    for (const each of sliders()) {
      each.value = 0;
      each.nextElementSibling.textContent = "0";
    }
    dialog.querySelector(".keep").disabled = true;
    dialog.showModal();
    dialog.querySelector(".steps input").focus();
  };
  document.addEventListener("click", ({ target }) => {
    if (target instanceof Element && target.closest("#finish")) open().catch(({ message }) => window.alert(message));
  });
})();
