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

// A conversation that was saved is sent in pieces, since one event carries little; the server says how much of it has arrived.
(() => {
  const PIECE = 600000; // bytes
  let file = null, next = 0;
  const encoded = async (blob) => {
    const bytes = new Uint8Array(await blob.arrayBuffer());
    let text = "";
    for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
    return btoa(text);
  };
  window.sendPieces = async (arrived) => {
    if (!file || arrived !== next || arrived >= file.size) { file = null; return; } // it is here, or was refused in words
    const piece = file.slice(arrived, arrived + PIECE);
    next = arrived + piece.size;
    window.conversationPiece = JSON.stringify({ at: arrived, size: file.size, piece: await encoded(piece) });
    document.getElementById("bring-conversation")?.click();
  };
  document.addEventListener("click", ({ target }) => {
    if (!(target instanceof Element && target.closest("#choose-conversation"))) return;
    const input = Object.assign(document.createElement("input"), { type: "file", accept: ".zip", hidden: true });
    input.addEventListener("change", () => { [file, next] = [input.files[0], 0]; input.remove(); window.sendPieces(0); });
    input.addEventListener("cancel", () => input.remove());
    document.body.append(input);
    input.click();
  });
})();
