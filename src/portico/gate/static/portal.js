// Finding an app on a long portal: typing filters, "/" goes to the box, Enter opens the only one left.
"use strict";

const box = document.querySelector("[data-find]");
if (box) {
  const input = box.querySelector("input");
  const apps = [...document.querySelectorAll("[data-app]")];
  const none = document.querySelector("[data-none]");
  const count = document.querySelector("[data-count]");
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

  const filter = () => {
    const words = plain(input.value).split(/\s+/).filter(Boolean);
    for (const app of apps) {
      const text = plain(app.textContent);
      app.hidden = !words.every((word) => text.includes(word));
    }
    const left = apps.filter((app) => !app.hidden).length;
    none.hidden = left > 0;
    count.textContent = words.length ? `${left} of ${apps.length} apps` : "";
  };

  box.hidden = false;
  input.addEventListener("input", filter);
  input.addEventListener("keydown", (event) => {
    const left = apps.filter((app) => !app.hidden);
    if (event.key === "Enter" && left.length === 1) left[0].querySelector("a").click();
    if (event.key === "Escape") { input.value = ""; filter(); }
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    input.focus();
    input.select();
  });
  filter(); // the browser may have kept what was typed
}
