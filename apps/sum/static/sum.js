// The page's own use of the API: what stands in the form, posted as {"data": [...]}.
const form = document.getElementById("try");
const answer = document.getElementById("answer");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const data = document.getElementById("numbers").value.split(/[\s,;]+/).filter(Boolean);
  const response = await fetch(form.action, { method: "POST", body: JSON.stringify({ data }) });
  const text = await response.text(); // as text: JavaScript would round a long number
  answer.classList.toggle("wrong", !response.ok);
  answer.textContent = response.ok ? text : JSON.parse(text).error;
});
