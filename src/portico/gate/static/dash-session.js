// Stands in the page of every Dash app that Portico serves, just before the script that starts Dash's renderer.
//
// 1. When the session has ended, it says so and offers to sign in again, instead of leaving a page that does nothing.
// 2. When the app is mounted under a prefix ("/sales"), it lets code that was written for "/" stand there unchanged:
//    links, images and navigation to "/page-1" go to "/sales/page-1", and an app that routes by hand is told "/page-1".
//
// data-site    the site's URL                            data-prefix  where the app stands: "/sales", or empty
// data-strip   what the app must not see of its paths    data-others  prefixes of the site's other apps, by blanks
// data-own     a regular expression: paths that begin like the prefix, but are pages of the app's own
(function () {
  "use strict";

  const { site, prefix, strip, others: otherPrefixes, own: ownPages } = document.currentScript.dataset;
  const others = (otherPrefixes || "").split(" ").filter(Boolean);
  const own = ownPages && new RegExp(`^(?:${ownPages})/?$`);

  // ---------------------------------------------------------------------------------------------- paths

  function under(path, base) {
    return path === base || (path.startsWith(base) && "/?#".includes(path[base.length]));
  }

  // Whether a string is an absolute path that belongs to nobody but this app.
  function ours(path) {
    return (
      typeof path === "string" && path[0] === "/" && path[1] !== "/" &&
      !under(path, "/-") && !others.some((other) => under(path, other))
    );
  }

  // Whether a path has the app's prefix already. A page of the app's own may only look so.
  function placed(path) {
    if (!under(path, prefix)) return false;
    const [bare] = path.split(/[?#]/, 1);
    return !own || under(path, prefix + prefix) || bare === `${prefix}/` || !own.test(bare);
  }

  // The app's path as the site knows it; anything else comes back as it is.
  function outward(path) {
    return ours(path) && !placed(path) ? prefix + path : path;
  }

  // A URL with its path mapped and in the form in which it came; one of another origin, or none, stays as it is.
  function mapped(url, map) {
    if (url === undefined || url === null) return url;
    let target;
    try {
      target = new URL(url, window.location.href);
    } catch {
      return url;
    }
    const path = map(target.pathname);
    // What is meant relatively, and ends below the prefix, is where it should be.
    if (/^(?!\/|[a-z]+:)/i.test(String(url)) && under(target.pathname, prefix)) return url;
    const here = target.host === window.location.host && /^(?:https?|wss?):$/.test(target.protocol);
    if (!here || path === target.pathname) return url;
    target.pathname = path;
    return String(url)[0] === "/" ? target.pathname + target.search + target.hash : target.href;
  }

  // The site's path as an app that routes by hand expects it.
  function inward(path) {
    return typeof path === "string" && strip && under(path, strip) ? path.slice(strip.length) || "/" : path;
  }

  // ---------------------------------------------------------------------------------------------- the mount

  // dcc.Location between two views of the address: the window has the site's path, the app its own.
  function mountedLocation(create, Location) {
    return function PorticoLocation(props) {
      const routed = strip && props.id !== "_pages_location"; // Dash Pages takes its prefix off by itself
      const out = (path) => (routed && ours(path) ? prefix + path : outward(path));
      const inner = { ...props };
      if (typeof props.pathname === "string") inner.pathname = out(props.pathname);
      if (typeof props.href === "string") inner.href = mapped(props.href, out);
      if (routed && props.setProps) {
        inner.setProps = (changed) => {
          const seen = { ...changed };
          if ("pathname" in seen) seen.pathname = inward(seen.pathname);
          if ("href" in seen) seen.href = mapped(seen.href, inward);
          props.setProps(seen);
        };
      }
      return create(Location, inner);
    };
  }

  // Every component library draws through React.createElement: the one place where href and src pass.
  function mountComponents(React) {
    const create = React.createElement;
    const Location = (window.dash_core_components || {}).Location;
    const Mounted = Location && mountedLocation(create, Location);
    React.createElement = function (type, props) {
      const href = props && props.href;
      const src = props && props.src;
      if (type === Location && Location) {
        arguments[0] = Mounted;
      } else if ((typeof href === "string" && href[0] === "/") || (typeof src === "string" && src[0] === "/")) {
        arguments[1] = { ...props };
        if (href) arguments[1].href = outward(href);
        if (src) arguments[1].src = outward(src);
      }
      return create.apply(this, arguments);
    };
  }

  function mountHistory(name) {
    const original = window.history[name];
    window.history[name] = function (state, title, url) {
      return original.call(this, state, title, mapped(url, outward));
    };
  }

  // Links and forms that were not drawn by React: raw HTML, markdown in tables, text in charts.
  function mountElement(event) {
    const path = event.composedPath();
    const [name, selector] = event.type === "submit" ? ["action", "form[action]"] : ["href", "a[href]"];
    const element = path.find((node) => node instanceof Element && node.matches(selector));
    const value = element && element.getAttribute(name);
    if (value && outward(value) !== value) element.setAttribute(name, outward(value));
  }

  // What else asks the server by an address: XMLHttpRequest, EventSource, WebSocket, beacons.
  function mountRequests() {
    const open = XMLHttpRequest.prototype.open;
    XMLHttpRequest.prototype.open = function (method, url, ...more) {
      return open.call(this, method, mapped(url, outward), ...more);
    };
    const beacon = navigator.sendBeacon;
    navigator.sendBeacon = function (url, data) {
      return beacon.call(this, mapped(url, outward), data);
    };
    for (const name of ["EventSource", "WebSocket"]) {
      window[name] = class extends window[name] {
        constructor(url, ...more) {
          super(mapped(url, outward), ...more);
        }
      };
    }
  }

  // What fetch was given, with its address mapped; a promise of it when a body must be read first.
  function mountedResource(resource) {
    if (!(resource instanceof Request)) return mapped(resource, outward);
    const url = mapped(resource.url, outward);
    if (url === resource.url) return resource;
    const options = {};
    for (const name of ["method", "headers", "mode", "credentials", "cache", "redirect", "integrity", "keepalive", "signal"]) {
      options[name] = resource[name];
    }
    if (["GET", "HEAD"].includes(resource.method)) return new Request(url, options);
    return resource.blob().then((body) => new Request(url, { ...options, body }));
  }

  if (prefix) {
    mountRequests();
    if (window.React) mountComponents(window.React);
    mountHistory("pushState");
    mountHistory("replaceState");
    for (const type of ["pointerdown", "click", "submit"]) window.addEventListener(type, mountElement, true);
  }

  // ---------------------------------------------------------------------------------------------- the session

  // The colours are those of portico.css.
  const STYLE = `
    dialog {
      --card: #fff; --sunk: #f0eeed; --ink: #221f29; --quiet: #5b5766; --line: #dbd9d3; --edge: #85808f;
      --accent: #7a2a4f; --button: #7a2a4f; --button-deep: #5e1d3b;
      box-sizing: border-box; width: min(27rem, calc(100vw - 2rem)); padding: 1.6rem; border: 1px solid var(--line);
      border-radius: .625rem; background: var(--card); color: var(--ink); box-shadow: 0 24px 64px rgb(20 17 25 / .28);
      font: 16px/1.55 ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
    }
    @media (prefers-color-scheme: dark) {
      dialog {
        --card: #1e1b24; --sunk: #262330; --ink: #ece9f1; --quiet: #aca7b8; --line: #35313e; --edge: #7c7688;
        --accent: #e5a3bf; --button: #98426c; --button-deep: #ab5280;
      }
    }
    dialog::backdrop { background: rgb(20 17 25 / .55); }
    h2 { margin: 0 0 .5rem; font-size: 1.2em; line-height: 1.2; letter-spacing: -.015em; }
    p { margin: 0 0 1.5rem; color: var(--quiet); }
    div { display: flex; flex-wrap: wrap; gap: .75rem; }
    a, button {
      box-sizing: border-box; flex: 1 1 auto; min-height: 46px; padding: .55rem 1.1rem; border: 1px solid var(--edge);
      border-radius: .5rem; background: none; color: inherit; font: inherit; font-weight: 600; text-align: center;
      text-decoration: none; cursor: pointer;
    }
    a { border-color: transparent; background: var(--button); color: #fff; }
    a:hover { background: var(--button-deep); }
    button:hover { border-color: var(--ink); background: var(--sunk); }
    a:focus-visible, button:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
    @media (prefers-reduced-motion: no-preference) {
      dialog[open] { animation: rise .18s ease-out; }
      @keyframes rise { from { opacity: 0; transform: translateY(8px); } }
    }`;

  // Where to sign in, and come back from: the whole query string is the way back.
  function signIn() {
    const { origin, pathname, search, href } = window.location;
    if (prefix || origin === new URL(site).origin) return `/-/sign-in?${pathname}${search}`;
    return `${site}/-/sign-in?${href.split("#")[0]}`;
  }

  function element(name, properties, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  // In a frame nobody can sign in: the sign-in page is never shown there.
  const framed = window.self !== window.top;
  const onward = framed ? "Load the page around it again to go on." : "Sign in again to go on.";
  let told = false;

  function tell() {
    if (told) return;
    told = true;
    const host = element("div", { id: "portico-session-ended" });
    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    const dialog = element(
      "dialog",
      {},
      element("h2", { id: "title", textContent: "Your session has ended" }),
      element("p", { id: "text", textContent: `${onward} Until then this page stays as it is.` }),
      element(
        "div",
        {},
        ...(framed ? [] : [element("a", { href: signIn(), autofocus: true, textContent: "Sign in again" })]),
        element("button", { type: "button", textContent: "Not now", onclick: () => dialog.close() }),
      ),
    );
    dialog.setAttribute("aria-labelledby", "title");
    dialog.setAttribute("aria-describedby", "text");
    dialog.addEventListener("close", () => host.remove());
    root.append(dialog);
    document.body.append(host);
    dialog.showModal();
  }

  const fetchOriginal = window.fetch;
  window.fetch = function (resource, options) {
    const asked = prefix ? mountedResource(resource) : resource;
    const answered =
      asked instanceof Promise
        ? asked.then((request) => fetchOriginal.call(window, request, options))
        : fetchOriginal.call(this, asked, options);
    answered.then(
      (answer) => {
        if (answer.status === 401 && answer.headers.has("X-Portico-Sign-In")) tell();
      },
      () => {},
    );
    return answered;
  };

  // Dash's WebSocket callbacks run in a shared worker, where a refused connection has no status. So when the worker
  // says that it lost its connection, ask by HTTP.
  if (window.SharedWorker) {
    window.SharedWorker = class extends window.SharedWorker {
      constructor(...options) {
        super(...options);
        this.port.addEventListener("message", ({ data }) => {
          if (data && ["disconnected", "error"].includes(data.type) && !told) askAgain();
        });
      }
    };
  }

  function askAgain() {
    window.fetch(window.location.href, { method: "HEAD", headers: { Accept: "application/json" } }).catch(() => {});
  }
})();
