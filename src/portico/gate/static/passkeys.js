// Passkeys: a form with data-passkey gets its answer from the person's device, then goes to the server as any form.
// Its options come from the server with the page; the server alone decides whether an answer is good.
"use strict";

const bytesOf = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const textOf = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const GOOD_FOR = 14 * 60 * 1000; // the server takes an answer for a quarter of an hour
let waiting = null; // what offers passkeys in the address field, until a button is pressed

function readable(json) {
  const options = JSON.parse(json);
  options.challenge = bytesOf(options.challenge);
  if (options.user) options.user.id = bytesOf(options.user.id);
  for (const list of [options.allowCredentials, options.excludeCredentials]) for (const one of list ?? []) one.id = bytesOf(one.id);
  return options;
}

function written(credential) {
  const said = credential.response;
  const response = { clientDataJSON: textOf(said.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) if (said[name]) response[name] = textOf(said[name]);
  if (said.getTransports) response.transports = said.getTransports();
  return JSON.stringify({ id: credential.id, rawId: textOf(credential.rawId), type: credential.type, response, clientExtensionResults: {} });
}

function send(form, credential) {
  form.elements.credential.value = written(credential);
  for (const copy of form.querySelectorAll("[data-like]")) copy.value = document.getElementById(copy.dataset.like)?.checked ? "yes" : "";
  form.submit();
}

function reason(error) {
  if (error.name === "InvalidStateError") return "This device has a passkey for your account already.";
  if (error.name === "NotAllowedError" || error.name === "AbortError") return "No passkey was used. Try again, or use another way.";
  if (error.name === "SecurityError") return "The browser does not allow passkeys at this address.";
  return `That did not work: ${error.message}`;
}

async function ask(form, button) {
  const note = form.querySelector("[data-passkey-note]");
  note.hidden = true;
  waiting?.abort();
  button.setAttribute("aria-disabled", "true");
  try {
    const publicKey = readable(form.dataset.options);
    const credential = form.dataset.passkey === "create" ? await navigator.credentials.create({ publicKey }) : await navigator.credentials.get({ publicKey });
    send(form, credential);
  } catch (error) {
    note.textContent = reason(error);
    note.hidden = false;
    button.removeAttribute("aria-disabled");
    button.focus();
    if (form.dataset.renew) offer(form);
  }
}

// The address field offers passkeys among the addresses that the browser knows.
async function offer(form) {
  if (!(await window.PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  waiting = new AbortController();
  const { signal } = waiting;
  try {
    send(form, await navigator.credentials.get({ publicKey: readable(form.dataset.options), mediation: "conditional", signal }));
  } catch (error) {
    if (error.name !== "AbortError") form.dataset.offered = error.name;
  }
}

async function renew(form) {
  const answer = await fetch(form.dataset.renew, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer?.ok) return;
  form.dataset.options = await answer.text();
  if (waiting && !waiting.signal.aborted) {
    waiting.abort();
    offer(form);
  }
}

if (window.PublicKeyCredential) {
  for (const hidden of document.querySelectorAll("[data-with-passkey]")) hidden.hidden = false;
  for (const other of document.querySelectorAll("[data-without-passkey]")) other.hidden = true;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const button = form.querySelector("button");
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (button.getAttribute("aria-disabled") !== "true") ask(form, button);
    });
    window.addEventListener("pageshow", () => button.removeAttribute("aria-disabled"));
    if (form.dataset.renew) setInterval(() => renew(form), GOOD_FOR);
    if ("conditional" in form.dataset) offer(form);
  }
}
