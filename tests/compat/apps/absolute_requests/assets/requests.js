const say = (text) => {
  const line = Object.assign(document.createElement("p"), { className: "said", textContent: text });
  document.body.append(line);
};
window.addEventListener("load", async () => {
  const { origin } = window.location;
  say(await (await fetch(new URL("/data/url", origin))).text());
  say(await (await fetch(new Request("/data/request", { method: "POST", body: "b" }))).text());
  const asked = new XMLHttpRequest();
  asked.onload = () => say(asked.responseText);
  asked.open("POST", `${origin}/data/xhr`);
  asked.send("x");
  const events = new EventSource("/events");
  events.onmessage = ({ data }) => {
    events.close();
    say(data);
  };
});
