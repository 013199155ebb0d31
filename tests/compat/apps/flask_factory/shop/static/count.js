document.querySelector("#count").textContent = document.querySelectorAll("li").length + " items";
