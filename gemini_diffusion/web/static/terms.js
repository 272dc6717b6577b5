// What the field's words mean, where they stand: on hover as a title, on focus below the line.
window.explainTerms = (() => {
  const TERMS = [
    [/\bseed\b/i, "Seed: where the noise begins. The same seed and prompt draw the same picture."],
    [/\bsteps\b/i, "Steps: how often the picture is refined. More steps are finer and take longer."],
    [/\bguidance\b/i, "Guidance: how closely the picture follows the prompt."],
    [/\bstrength\b/i, "Strength: how far the drawing may move from the picture it begins from."],
    [/\btokens\b/i, "Tokens: the pieces that a model reads a prompt in, each about three quarters of a word."],
    [/\bnegative prompt\b/i, "Negative prompt: what the picture should not show."],
  ];
  return () => document.querySelectorAll("#details p, #meter p, #negative label > span").forEach((place) => {
    const about = TERMS.filter(([word]) => word.test(place.textContent)).map(([, sentence]) => sentence).join("\n");
    if (place.title === about) return;
    place.title = about;
    place.classList.toggle("term", Boolean(about));
    if (about) place.tabIndex = 0;
  });
})();
