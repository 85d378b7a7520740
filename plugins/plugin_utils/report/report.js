// Copyright: (c) 2026, The stateward.conntrack authors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-FileCopyrightText: 2026 The stateward.conntrack authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Sorting, filtering, and the details of a host, which are made when they are opened: with all of them made at once,
// a page of 2,000 hosts would take seconds. Text goes into the page as text only.
"use strict";
(() => {
  const find = (selector) => document.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const table = find("table");
  const hosts = [...table.tBodies];
  const rank = new Map(hosts.map((host, index) => [host, index]));
  const search = find("#search");
  const tiles = all(".tile");
  const texts = new Map();
  let parsed;

  const detailsOf = (host) => {
    parsed ??= JSON.parse(find("#data").textContent);
    return parsed[rank.get(host)];
  };

  const textOf = (host) => {
    if (!texts.has(host)) texts.set(host, [host.textContent, ...detailsOf(host).flat(3)].join("\n").toLowerCase());
    return texts.get(host);
  };

  const make = (name, className, ...children) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    element.append(...children);
    return element;
  };

  const makeLine = ([text, label, level]) => {
    const parts = [make("bdi", "", text)];
    if (label) parts.unshift(make("b", "", label), " ");
    if (level) parts.unshift(make("span", `badge ${level}`, level), " ");
    return make("li", "", ...parts);
  };

  const makeSection = ([title, kind, lines]) =>
    make("section", kind, make("h3", "", title), make("ul", "", ...lines.map(makeLine)));

  const fill = (host) => {
    const place = host.querySelector("details");
    if (!place.querySelector(".details")) place.append(make("div", "details", ...detailsOf(host).map(makeSection)));
  };

  // rule:usage and change:worse are words of the page itself, and their beginnings are enough while they are typed; any
  // other word is looked for in the text of the host.
  const fits = (host, word) => {
    const [, kind, start] = word.match(/^(rule|change)(?::(.*))?$/) ?? [];
    return kind
      ? host.dataset[kind].split(" ").some((name) => name && name.startsWith(start ?? ""))
      : textOf(host).includes(word);
  };

  // Some browsers in use do not know the properties of ARIA's attributes.
  const pressed = (tile) => tile.getAttribute("aria-pressed") === "true";
  const opener = find("#open");
  const label = (open) => {
    opener.setAttribute("aria-expanded", String(open));
    opener.textContent = open ? "Close all details" : "Open all details";
  };

  // Thousands of rows take a browser seconds to lay out: the first are shown at once, the others when it has time.
  const STEP = 100;
  const idle = (work) => window.requestIdleCallback ? requestIdleCallback(work, { timeout: 200 }) : setTimeout(work, 30);
  let wanted = hosts;
  let turn = 0;

  const reveal = (count) => {
    for (const host of wanted.slice(0, count)) if (host.hidden) host.hidden = false;
  };

  const present = () => {
    const mine = ++turn;
    const first = new Set(wanted.slice(0, STEP));
    for (const host of hosts) if (host.hidden === first.has(host)) host.hidden = !first.has(host);
    let count = STEP;
    const more = () => {
      if (mine !== turn || count >= wanted.length) return;
      count += STEP;
      reveal(count);
      idle(more);
    };
    idle(more);
  };

  const allOpen = () => wanted.length > 0 && wanted.every((host) => host.querySelector("details").open);

  const filter = () => {
    const states = tiles.filter(pressed).map((tile) => tile.dataset.state);
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    wanted = hosts.filter((host) =>
      (!states.length || states.includes(host.dataset.state)) && words.every((word) => fits(host, word)));
    present();
    find("#shown").textContent = `${wanted.length.toLocaleString("en")} of ${hosts.length.toLocaleString("en")} hosts`;
    find("#nothing").hidden = wanted.length > 0;
    find("#reset").hidden = !states.length && !words.length;
    label(allOpen());
  };

  const nameOf = (host) => host.querySelector("bdi").textContent;
  const collator = new Intl.Collator("en", { numeric: true });

  const sort = (key, falling) => {
    const keys = new Map(hosts.map((host) => [host, key === "name" ? nameOf(host) : Number(host.getAttribute(`data-by-${key}`))]));
    const compare = key === "name"
      ? (a, b) => collator.compare(keys.get(a), keys.get(b))
      : (a, b) => keys.get(a) - keys.get(b);
    hosts.sort((a, b) => (falling ? compare(b, a) : compare(a, b)) || rank.get(a) - rank.get(b));
    for (const host of hosts) host.hidden = true;
    table.append(...hosts);
    filter();
  };

  table.tHead.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const head = button.closest("th");
    const before = head.getAttribute("aria-sort");
    const falling = before ? before === "ascending" : button.dataset.falling === "1";
    for (const other of all("th[aria-sort]")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", falling ? "descending" : "ascending");
    sort(button.dataset.key, falling);
  });

  for (const tile of tiles) {
    tile.addEventListener("click", () => {
      tile.setAttribute("aria-pressed", String(!pressed(tile)));
      filter();
    });
  }

  for (const button of all("[data-find]")) {
    button.addEventListener("click", () => {
      search.value = button.dataset.find;
      filter();
      search.focus();
    });
  }

  search.addEventListener("input", filter);

  find("#reset").addEventListener("click", () => {
    search.value = "";
    for (const tile of tiles) tile.setAttribute("aria-pressed", "false");
    filter();
    search.focus();
  });

  // The event of <details> does not bubble, and comes after the opening: capture it, and fill on the way.
  table.addEventListener("toggle", (event) => fill(event.target.closest("tbody")), true);

  opener.addEventListener("click", () => {
    const open = opener.getAttribute("aria-expanded") !== "true";
    for (const host of wanted) {
      fill(host);
      host.querySelector("details").open = open;
    }
    label(open);
  });

  // On a phone the hosts come first; wider windows and paper have room for the panels.
  const narrow = matchMedia("screen and (max-width: 74rem)");
  const unfold = () => { for (const panel of all(".panel")) panel.open = !narrow.matches; };
  narrow.addEventListener("change", unfold);
  unfold();

  addEventListener("beforeprint", () => {
    for (const panel of all(".panel")) panel.open = true;
    reveal(wanted.length);
  });

  find("#tools").hidden = false;
  filter();
  table.classList.add("ready");
  performance.mark("ready");
})();
