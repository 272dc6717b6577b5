// Reading an answer aloud, in the browser's own voice and the language of the text. Nothing is sent anywhere by us.
(() => {
  const voices = window.speechSynthesis;
  if (!voices) return;
  const can = () => document.documentElement.classList.toggle("speaks", voices.getVoices().length > 0);
  let reading = null;

  const show = (button, on) => {
    button.ariaPressed = String(on);
    button.textContent = on ? "Stop reading" : "Read aloud";
  };
  const end = (button = reading) => {
    if (button !== reading || !reading) return;
    show(reading, false);
    reading = null;
  };
  const read = (button) => {
    const text = button.closest(".message").previousElementSibling?.innerText ?? "";
    const sentences = text.match(/[^.!?。！？\n]+[.!?。！？]*/gu) ?? []; // some voices fall silent in the middle of a long text
    const spoken = sentences.filter((sentence) => /[\p{L}\p{N}]/u.test(sentence));
    if (!spoken.length) return;
    show((reading = button), true);
    spoken.forEach((sentence, place) => {
      const words = Object.assign(new SpeechSynthesisUtterance(sentence.trim()), { lang: button.lang });
      words.addEventListener("error", () => end(button));
      if (place === spoken.length - 1) words.addEventListener("end", () => end(button));
      voices.speak(words);
    });
  };
  document.addEventListener("click", ({ target }) => {
    const button = target instanceof Element && target.closest(".read-aloud");
    if (!button) return;
    const again = button === reading;
    end();
    voices.cancel();
    if (!again) read(button);
  });
  window.addEventListener("pagehide", () => voices.cancel());
  voices.addEventListener?.("voiceschanged", can);
  can();
})();

// The same as a sound file, made by a service that speaks: one at a time, fetched as soon as it is there.
(() => {
  const buttons = (busy) => document.querySelectorAll(".save-aloud").forEach((button) => {
    button.disabled = busy;
    button.ariaBusy = String(busy && button.dataset.turn === window.spokenTurn);
  });
  window.speechMade = (made) => {
    buttons(false);
    if (made && !made.startsWith("failed")) setTimeout(() => document.querySelector("#speech-file")?.click(), 50);
  };
  document.addEventListener("click", ({ target }) => {
    const button = target instanceof Element && target.closest(".save-aloud");
    if (!button) return;
    window.spokenTurn = button.dataset.turn;
    buttons(true);
    document.getElementById("make-speech")?.click();
  });
})();
