// The login form is silent where a try comes too early. This says what the server says, under the form's heading.
(() => {
  const ask = window.fetch.bind(window);
  window.fetch = async (address, options) => {
    const answer = await ask(address, options);
    if (new URL(String(address), location.href).pathname.endsWith("/login") && options?.method === "POST") {
      const said = answer.status === 429 || answer.status === 413 ? (await answer.clone().json()).detail : "";
      let place = document.getElementById("login-said");
      if (!place) {
        place = document.createElement("p");
        place.id = "login-said";
        place.setAttribute("role", "alert");
        document.querySelector("h2")?.after(place);
      }
      place.textContent = said;
      document.querySelector(".creds")?.toggleAttribute("hidden", Boolean(said)); // this try was not judged
    }
    return answer;
  };
})();
