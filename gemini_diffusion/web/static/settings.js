// What is typed into Settings is kept once it has rested for a moment, and also when the page goes before the app has answered.
(() => {
  const REST = 1000; // milliseconds
  const unkept = new Map(), sent = new Map(); // by the name of a setting: the box that was typed into, the value under way
  const valueOf = (box) => (box.type !== "number" ? box.value : box.value === "" ? null : box.valueAsNumber);

  // Gradio's event that keeps a setting; what is picked and not typed has none of this kind.
  const eventOf = (part) => {
    const { components, dependencies } = window.gradio_config;
    const component = components.find(({ props }) => props.elem_id === part?.id);
    return component && dependencies.find(({ targets }) => targets.some(([id, name]) => id === component.id && name === "blur"));
  };

  let pause = 0, resting = null;
  document.addEventListener("input", ({ target }) => {
    const part = target instanceof Element && target.closest("#settings [id^='set-']");
    if (!part || !eventOf(part)) return;
    unkept.set(part.id.slice("set-".length), target);
    clearTimeout(pause);
    resting = target;
    pause = setTimeout(() => target.dispatchEvent(new FocusEvent("blur")), REST);
  });

  window.typed = {
    sending: (name, value) => {
      const box = unkept.get(name);
      if (box) sent.set(name, valueOf(box));
      if (box && box === resting) clearTimeout(pause); // Enter or leaving the box was quicker: once is enough
      return value;
    },
    kept: (name) => {
      if (unkept.has(name) && valueOf(unkept.get(name)) === sent.get(name)) unkept.delete(name);
    },
  };

  // A page that goes takes its requests with it, and Gradio drops what its connection still has in line: these go by themselves.
  const hand = () => {
    const { root, api_prefix: prefix } = window.gradio_config;
    for (const [name, box] of unkept) {
      const event = eventOf(document.getElementById(`set-${name}`));
      const connection = crypto.getRandomValues(new Uint32Array(2)).join("");
      const asked = { data: [valueOf(box)], fn_index: event.id, session_hash: connection, event_data: null, trigger_id: null };
      navigator.sendBeacon(`${root}${prefix}/run/predict`, new Blob([JSON.stringify(asked)], { type: "application/json" }));
    }
    unkept.clear();
  };
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && hand());
  window.addEventListener("pagehide", hand);
})();
