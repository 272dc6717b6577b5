// The Pictures tab: all that this person drew or brought, in days, loaded as it is scrolled; search, stars, a trash, using again.
// What a person or a model wrote becomes text of the page, never markup.
window.pictures = (() => {
  const PAUSE = 250; // milliseconds after the last letter of a search
  const TOLD = 12000; // milliseconds that a note stays
  const wanted = { words: "", starred: false, brought: false, deleted: false, model: "" };
  const shown = []; // each picture with its tile, newest first
  const last = { unread: 0, total: 0 }; // what the app said last
  let asking = 0, loading = false, more = false, reading = false, parts = null;

  const make = (tag, properties = {}, ...inside) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...inside);
    return made;
  };
  const button = (className, label, press, text = "") => {
    const made = make("button", { type: "button", className, ...(text ? {} : { title: label, ariaLabel: label }) }, text);
    made.addEventListener("click", press);
    return made;
  };
  const ask = async (name, asked) => {
    const { root, api_prefix: prefix } = window.gradio_config;
    const body = JSON.stringify({ data: [asked] });
    const answer = await fetch(`${root}${prefix}/run/${name}`, { method: "POST", headers: { "Content-Type": "application/json" }, body })
      .then((response) => (response.ok ? response.json() : null)).catch(() => null);
    if (!answer) throw new Error("The app did not answer. Try again in a moment.");
    if (answer.data[0].error) throw new Error(answer.data[0].error);
    return answer.data[0];
  };

  // What is said below the grid for a moment, with a way back
  let silence = 0;
  const hush = () => parts.note.replaceChildren();
  const say = (text, label, press) => {
    clearTimeout(silence);
    parts.note.replaceChildren(make("span", {}, text));
    if (label) parts.note.append(button("undo", "", () => { hush(); press(); }, label));
    silence = setTimeout(hush, TOLD);
  };
  const saying = (work) => async (...given) => work(...given).catch((error) => say(error.message));

  // A tile
  const dayOf = (created) => {
    const then = new Date(created), now = new Date();
    const days = Math.round((new Date(now).setHours(0, 0, 0, 0) - new Date(then).setHours(0, 0, 0, 0)) / 864e5);
    if (days < 2 && days >= 0) return ["Today", "Yesterday"][days];
    const year = then.getFullYear() === now.getFullYear() ? {} : { year: "numeric" };
    return then.toLocaleDateString("en-GB", { day: "numeric", month: "long", ...year });
  };
  const change = (picture, what) => ask("change_picture", { id: picture.id, change: what });
  const open = (picture) => {
    if (wanted.deleted) return;
    if (window.compare.takes(picture)) return;
    api.chosen = picture.id;
    document.getElementById("open-picture").click();
    if (window.matchMedia("(max-width: 699px)").matches) document.getElementById("chat-layout").classList.add("panel-open");
  };
  const star = saying(async (picture) => {
    const starred = !picture.starred;
    const pressed = picture.tile.querySelector(".star");
    pressed.ariaPressed = String((picture.starred = starred));
    await change(picture, starred ? "star" : "unstar").catch((error) => {
      pressed.ariaPressed = String((picture.starred = !starred));
      throw error;
    });
  });
  const gone = saying(async (picture, what) => {
    await change(picture, what);
    picture.tile.hidden = true;
    tell({ total: last.total + (what === "delete" ? -1 : 1) });
    const undo = saying(async () => {
      await change(picture, what === "delete" ? "restore" : "delete");
      picture.tile.hidden = false;
      tell({ total: last.total + (what === "delete" ? 1 : -1) });
      picture.tile.querySelector("button").focus();
    });
    say(what === "delete" ? "Deleted. It stays in the trash for 30 days." : "It is among your pictures again.", "Undo", undo);
  });
  const tileOf = (picture) => {
    const { small, file, alt, title, width, height } = picture;
    const image = make("img", { src: small || file, alt, width, height, loading: "lazy", decoding: "async", draggable: false });
    image.addEventListener("error", () => { image.src = file; }, { once: true });
    const large = button("large image-frame", title || "Open", () => open(picture));
    large.ariaLabel = `Open ${title}`;
    large.append(image, make("span", { className: "title", ariaHidden: "true" }, title));
    if (wanted.deleted) return make("article", {}, large, button("back", "", () => gone(picture, "restore"), "Put back"));
    const starred = button("star", "Star", () => star(picture));
    starred.ariaPressed = String(picture.starred);
    return make("article", {}, large, starred, button("more", "What can be done with it", ({ currentTarget }) => menu(picture, currentTarget)));
  };
  const add = (pictures) => {
    for (const picture of pictures) {
      const day = dayOf(picture.created);
      let section = parts.grid.lastElementChild;
      if (section?.dataset.day !== day) {
        section = make("section", {}, make("h2", {}, day), make("div", { className: "tiles" }));
        section.dataset.day = day;
        parts.grid.append(section);
      }
      picture.tile = tileOf(picture);
      section.lastElementChild.append(picture.tile);
      shown.push(picture);
    }
  };

  // Using a picture again: the words go into the message box as if they were typed, so that Ctrl+Z brings back what was there
  const write = async (text, caret = text.length) => {
    const box = document.querySelector("#box textarea");
    [...document.querySelectorAll('#tabs > .tab-wrapper [role="tab"]')].find((tab) => tab.textContent.trim() === "Chat")?.click();
    while (!box.offsetParent) await new Promise(requestAnimationFrame);
    box.focus();
    box.select();
    document.execCommand("insertText", false, text);
    box.setSelectionRange(caret, caret);
  };
  const useLine = (only) => saying(async ({ id }) => write((await ask("picture_line", { id, only })).line));
  const useSeed = ({ seed }) => {
    const draft = document.querySelector("#box textarea").value.replace(/\s*--seed(\s+|=)\S+/gu, "").trimEnd() || "/imagine ";
    return write(`${draft} --seed ${seed}`, draft.length);
  };
  const save = ({ file }) => make("a", { href: file, download: decodeURIComponent(file.split("/").pop()) }).click();
  const ENTRIES = [
    ["Use the whole recipe", useLine("all"), true], ["Use only the prompt", useLine("prompt"), true], ["Use only the seed", useSeed, true],
    ["Compare with another", (picture) => window.compare.begin(picture), false], ["Download", save, false],
    ["Delete", (picture) => gone(picture, "delete"), false],
  ];
  const menu = (picture, by) => {
    const starring = [picture.starred ? "Take the star away" : "Star", star];
    const entries = [...ENTRIES.filter(([, , drawn]) => picture.drawn || !drawn).slice(0, -1), starring, ENTRIES.at(-1)];
    parts.menu.replaceChildren(make("p", {}, [picture.model, picture.drawn ? `seed ${picture.seed}` : "", `${picture.width} x ${picture.height}`]
      .filter(Boolean).join(" · ")), ...entries.map(([label, work]) => button("entry", "", () => { parts.menu.hidePopover(); work(picture); }, label)));
    parts.menu.showPopover();
    const at = by.getBoundingClientRect(), { offsetWidth: wide, offsetHeight: high } = parts.menu;
    const below = at.bottom + 6 + high < window.innerHeight;
    parts.menu.style.left = `${Math.max(8, Math.min(at.right - wide, window.innerWidth - wide - 8))}px`;
    parts.menu.style.top = `${below ? at.bottom + 6 : Math.max(8, at.top - high - 6)}px`;
    parts.menu.querySelector("button").focus();
  };

  // Loading
  const filtered = () => Boolean(wanted.words.trim() || wanted.starred || wanted.brought || wanted.deleted || wanted.model);
  const count = (number) => `${number.toLocaleString("en")} picture${number === 1 ? "" : "s"}`;
  const tell = (news) => {
    const { unread, total } = Object.assign(last, news), seen = shown.filter(({ tile }) => !tile.hidden).length;
    const found = seen ? `${count(seen)}${more ? " and more" : ""}` : "Nothing found";
    parts.count.textContent = unread ? `Reading your pictures: ${total.toLocaleString("en")} of ${(total + unread).toLocaleString("en")}`
      : filtered() ? found : total ? count(total) : "";
    parts.empty.hidden = Boolean(seen || unread);
    parts.empty.textContent = wanted.deleted ? "Nothing was deleted in the last 30 days."
      : filtered() ? "No picture is like that. Try fewer words." : "Your pictures will be here. Ask for the first on the Chat tab.";
  };
  const offer = (models) => {
    parts.model.hidden = models.length < 2;
    const choices = [["", "All models"], ...models].map(([value, label]) => make("option", { value, selected: value === wanted.model }, label));
    parts.model.replaceChildren(...choices);
  };
  const unchanged = ({ pictures }) => {
    const seen = shown.filter(({ tile }) => !tile.hidden).slice(0, pictures.length);
    return pictures.length === seen.length && pictures.every(({ id, starred }, place) => seen[place].id === id && seen[place].starred === starred);
  };
  // `onward` brings the next below, `again` leaves what is seen where nothing is new.
  const load = saying(async ({ onward = false, again = false } = {}) => {
    if (onward && (loading || !more)) return;
    const turn = onward ? asking : ++asking;
    loading = true;
    try {
      const answer = await ask("pictures", { ...wanted, before: onward ? shown.at(-1)?.number ?? 0 : 0 });
      if (turn !== asking) return;
      if (again && shown.length && unchanged(answer)) return;
      if (!onward) {
        shown.length = 0;
        parts.grid.replaceChildren();
        parts.scroll.scrollTop = 0;
        offer(answer.models);
      }
      more = answer.more || (answer.unread > 0 && !filtered());
      add(answer.pictures);
      tell(answer);
      if (answer.unread) readOn();
    } finally {
      if (turn === asking) loading = false;
    }
    fill();
  });
  const readOn = saying(async () => { // the newest came first; the rest of an old folder is read a part at a time
    if (reading) return;
    reading = true;
    try {
      for (let unread = 1; unread;) {
        const answer = await ask("pictures", { before: 1 });
        tell(answer);
        ({ unread } = answer);
      }
    } finally {
      reading = false;
    }
    if (filtered()) load();
  });
  const fill = () => {
    const { scrollHeight, scrollTop, clientHeight } = parts.scroll;
    if (clientHeight && more && scrollHeight - scrollTop - clientHeight < 2 * clientHeight) load({ onward: true });
  };

  const walk = (event) => {
    const from = shown.findIndex(({ tile }) => tile.firstElementChild === event.target);
    const columns = getComputedStyle(parts.grid.querySelector(".tiles") ?? parts.grid).gridTemplateColumns.split(" ").length;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (from < 0 || !step) return;
    event.preventDefault();
    shown[Math.max(0, Math.min(shown.length - 1, from + step))].tile.firstElementChild.focus();
  };
  const filter = (name, label) => {
    const pressed = button("filter", "", () => {
      pressed.ariaPressed = String((wanted[name] = !wanted[name]));
      load();
    }, label);
    pressed.ariaPressed = "false";
    return pressed;
  };
  const build = (place) => {
    const words = make("input", { type: "search", placeholder: "Search words, models, seeds", ariaLabel: "Search your pictures" });
    let pause = 0;
    words.addEventListener("input", () => {
      wanted.words = words.value;
      clearTimeout(pause);
      pause = setTimeout(() => load(), PAUSE);
    });
    const model = make("select", { ariaLabel: "Model", hidden: true });
    model.addEventListener("change", () => { wanted.model = model.value; load(); });
    parts = {
      words, model, count: make("p", { className: "count", role: "status" }), grid: make("div", { className: "days" }), scroll: place,
      empty: make("p", { className: "empty", hidden: true }), menu: make("div", { popover: "auto", className: "menu" }),
      note: make("div", { className: "note", role: "status" }),
    };
    const filters = make("div", { className: "filters" }, filter("starred", "Starred"), filter("brought", "Brought"), filter("deleted", "Deleted"), model);
    place.replaceChildren(make("header", {}, words, filters, parts.count), parts.grid, parts.empty, parts.menu, parts.note);
    place.addEventListener("scroll", fill, { passive: true });
    parts.grid.addEventListener("keydown", walk);
    window.addEventListener("resize", fill);
  };

  // A deleted picture leaves a sentence in the conversation, and no broken image
  for (const what of ["error", "load"]) document.addEventListener(what, ({ target }) => {
    if (target instanceof HTMLImageElement && target.closest("#chat")) target.classList.toggle("gone", what === "error");
  }, true);

  const api = {
    chosen: "",
    ask, say, hush, write, useSeed,
    open: () => {
      const place = document.getElementById("pictures");
      if (!place) return requestAnimationFrame(api.open);
      if (!place.firstElementChild) build(place);
      return load({ again: true });
    },
  };
  return api;
})();
