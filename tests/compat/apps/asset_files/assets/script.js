fetch("/assets/data.json")
  .then((answer) => answer.json())
  .then((data) => {
    const show = () => {
      const place = document.querySelector("#from-js");
      if (place) place.textContent = data.text;
      else setTimeout(show, 50);
    };
    show();
  });
