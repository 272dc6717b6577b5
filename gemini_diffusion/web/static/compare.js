// Two pictures on top of each other, parted by a slider.
window.compare = (() => {
  let first = null;

  // A frame for two pictures, and the slider that parts them.
  const parted = (ariaLabel) => {
    const frame = document.createElement("div"), slider = document.createElement("input");
    frame.className = "frame";
    Object.assign(slider, { type: "range", min: 0, max: 100, step: 0.5, className: "parting", ariaLabel });
    slider.addEventListener("input", () => frame.style.setProperty("--part", `${slider.value}%`));
    return [frame, slider];
  };
  const part = (dialog, pictures, shape) => {
    const frame = dialog.querySelector(".frame"), slider = dialog.querySelector(".parting");
    frame.replaceChildren(...pictures.map(([src, alt]) => Object.assign(new Image(), { src, alt })));
    dialog.style.setProperty("--shape", shape);
    frame.style.setProperty("--part", "50%");
    slider.value = 50;
  };
  const dialog = () => {
    const made = document.createElement("dialog"), close = document.createElement("button");
    Object.assign(made, { id: "compare", className: "compared", ariaLabel: "Two pictures compared" });
    Object.assign(close, { type: "button", className: "close", textContent: "Close" });
    close.addEventListener("click", () => made.close());
    made.addEventListener("click", ({ target }) => target === made && made.close());
    made.append(...parted("How much of the first picture is seen"), close);
    document.querySelector(".gradio-container").append(made);
    return made;
  };
  const show = (one, other) => {
    const made = document.getElementById("compare") ?? dialog();
    part(made, [one, other].map(({ file, alt }) => [file, alt]), one.width / one.height);
    made.showModal();
    made.querySelector(".parting").focus();
  };

  return {
    parted, part,
    begin: (picture) => {
      first = picture;
      document.getElementById("pictures").dataset.comparing = "";
      window.pictures.say("Choose the picture to compare it with.", "Cancel", window.compare.end);
    },
    end: () => {
      first = null;
      delete document.getElementById("pictures").dataset.comparing;
    },
    takes: (picture) => {
      const one = first;
      if (!one) return false;
      window.compare.end();
      window.pictures.hush();
      show(one, picture);
      return true;
    },
  };
})();
