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

// How good a new password is: its length decides, as it does for whoever tries to guess it.
for (const box of document.querySelectorAll("[data-strength]")) {
  const input = document.getElementById(box.dataset.strength);
  const [bar, text] = [box.querySelector("progress"), box.querySelector("p")];
  const least = input.minLength > 0 ? input.minLength : 8;
  input.addEventListener("input", () => {
    const length = [...input.value].length;
    const varied = new Set(input.value).size;
    const level = length < least ? 1 : length < least + 4 || varied < 6 ? 2 : 3;
    const missing = least - length;
    box.hidden = length === 0;
    box.dataset.level = bar.value = level;
    text.textContent = level === 1 ? `Too short: ${missing} more ${missing === 1 ? "character" : "characters"}.`
      : level === 2 ? "Good. A few words in a row are even better." : "Strong.";
  });
}

// A form is sent once.
for (const form of document.querySelectorAll("form[method=post]")) {
  const button = form.querySelector("[data-sending]");
  if (!button) continue;
  const words = button.textContent;
  form.addEventListener("submit", (event) => {
    if (button.getAttribute("aria-disabled") === "true") return event.preventDefault();
    button.setAttribute("aria-disabled", "true");
    button.textContent = button.dataset.sending;
  });
  window.addEventListener("pageshow", () => { button.removeAttribute("aria-disabled"); button.textContent = words; });
}

// The first field with a mistake is where to go on.
document.querySelector("[aria-invalid=true]")?.focus();
