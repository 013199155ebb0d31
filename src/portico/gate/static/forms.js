// Comfort for forms. Every form works without it; the server decides what is right.
"use strict";

// A button in each password field that shows what was typed.
for (const peek of document.querySelectorAll("[data-peek]")) {
  const input = peek.querySelector("input");
  const button = document.createElement("button");
  button.type = "button";
  const show = (visible) => {
    input.type = visible ? "text" : "password";
    button.textContent = visible ? "Hide" : "Show";
    button.setAttribute("aria-label", visible ? "Hide password" : "Show password");
  };
  button.addEventListener("click", () => { show(input.type === "password"); input.focus(); });
  input.form?.addEventListener("submit", () => show(false)); // so that browsers offer to save it as a password
  show(false);
  peek.append(button);
}

// What is wrong with a field, under it, while typing; "" takes it away.
function say(input, text) {
  const field = input.closest(".field");
  const id = `${input.id}-live`;
  let note = document.getElementById(id);
  if (!note) {
    note = document.createElement("p");
    note.id = id;
    note.className = "wrong";
    note.setAttribute("aria-live", "polite");
    note.hidden = true;
    field.append(note);
    const others = input.getAttribute("aria-describedby") ?? "";
    input.setAttribute("aria-describedby", `${others} ${id}`.trim());
  }
  note.textContent = text;
  note.hidden = !text;
  if (text) field.querySelector(`#${CSS.escape(input.id)}-wrong`)?.remove(); // the server's word on an older value
  input.setAttribute("aria-invalid", text ? "true" : "false");
}

// The form of an address: told after leaving the field, taken back as soon as it is right.
for (const input of document.querySelectorAll("input[type=email]")) {
  const right = () => !input.value || (!input.validity.typeMismatch && /@[^@\s]+\.[^@\s.]{2,}$/.test(input.value.trim()));
  let told = false;
  input.addEventListener("change", () => {
    told = !right();
    if (told || input.getAttribute("aria-invalid") === "true") say(input, told ? "This doesn’t look like a mail address, like name@example.org." : "");
  });
  input.addEventListener("input", () => { if (told && right()) { told = false; say(input, ""); } });
}

// Two passwords that must be the same.
for (const again of document.querySelectorAll("[data-same-as]")) {
  const first = document.getElementById(again.dataset.sameAs);
  const check = (event) => {
    const begun = again.value.length >= first.value.length || event.type === "change";
    const differ = again.value !== "" && begun && again.value !== first.value;
    if (differ || again.getAttribute("aria-invalid") === "true") say(again, differ ? "The two passwords are not the same." : "");
  };
  for (const input of [first, again]) for (const type of ["input", "change"]) input.addEventListener(type, check);
}

// Whether a password is on the list of leaked ones. The browser asks for all digests that begin alike and compares
// them by itself: neither the password nor its digest is sent before the form is. Asked of this site alone.
async function leaked(password) {
  if (!window.crypto?.subtle) return false; // no secure page: the server says so when the form is sent
  const bytes = new TextEncoder().encode(password.normalize("NFKD").toLowerCase());
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).slice(0, 5);
  const text = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const answer = await fetch(`/-/leaked/${text.slice(0, 3)}`);
  return answer.ok && (await answer.text()).split(" ").includes(text.slice(3));
}

// How good a new password is: its length decides, as it does for whoever tries to guess it.
for (const box of document.querySelectorAll("[data-strength]")) {
  const input = document.getElementById(box.dataset.strength);
  const [bar, text] = [box.querySelector("progress"), box.querySelector("p")];
  const least = input.minLength > 0 ? input.minLength : 8;
  const show = (level, words) => { box.dataset.level = bar.value = level; text.textContent = words; };
  let pause;
  input.addEventListener("input", () => {
    const value = input.value;
    const length = [...value].length;
    const varied = new Set(value).size;
    const missing = least - length;
    box.hidden = length === 0;
    if (missing > 0) show(1, `Too short: ${missing} more ${missing === 1 ? "character" : "characters"}.`);
    else if (missing > -4 || varied < 6) show(2, "Good. A few words in a row are even better.");
    else show(3, "Strong.");
    clearTimeout(pause);
    if (missing > 0) return;
    pause = setTimeout(async () => {
      const bad = await leaked(value).catch(() => false);
      if (bad && input.value === value) show(1, "This one has leaked before: attackers try it first.");
    }, 300);
  });
}

// A form is sent once.
for (const form of document.querySelectorAll("form[method=post]")) {
  const button = form.querySelector("[data-sending]");
  if (!button) continue;
  const words = [...button.childNodes];
  form.addEventListener("submit", (event) => {
    if (button.getAttribute("aria-disabled") === "true") return event.preventDefault();
    button.setAttribute("aria-disabled", "true");
    button.textContent = button.dataset.sending;
  });
  window.addEventListener("pageshow", () => { button.removeAttribute("aria-disabled"); button.replaceChildren(...words); });
}

// The first field with a mistake is where to go on.
document.querySelector("[aria-invalid=true]")?.focus();
