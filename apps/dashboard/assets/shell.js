// The selection in the address: ?cities=Seattle&months=6,7&kinds=rain&period=2013-01-01,2013-12-31&high=20,30
const LISTS = ["cities", "months", "kinds", "period"];
const MEASURES = ["high", "low", "rain", "wind"];

window.dash_clientside = Object.assign({}, window.dash_clientside, {
  shell: {
    // Once, when the page is loaded: the selection that the address asks for.
    read(search, selection) {
      if (selection) return window.dash_clientside.no_update;
      const query = new URLSearchParams(search);
      const wanted = { cities: [], months: [], kinds: [], period: null, ranges: {} };
      for (const key of LISTS) if (query.get(key)) wanted[key] = query.get(key).split(",");
      wanted.months = wanted.months.map(Number);
      for (const key of MEASURES) if (query.get(key)) wanted.ranges[key] = query.get(key).split(",").map(Number);
      return wanted;
    },

    // After every change: the address for this selection, and which page's link is the current one.
    write(selection) {
      for (const link of document.querySelectorAll("nav .tab")) {
        if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
      }
      if (!selection) return;
      const query = new URLSearchParams();
      for (const key of LISTS) if (selection[key] && selection[key].length) query.set(key, selection[key].join(","));
      for (const [key, pair] of Object.entries(selection.ranges || {})) query.set(key, pair.join(","));
      const search = query.toString().replaceAll("%2C", ",");
      history.replaceState(history.state, "", location.pathname + (search ? `?${search}` : ""));
    },
  },
});
