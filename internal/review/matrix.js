(function () {
  "use strict";
  const table = document.getElementById("matrix");
  if (!table) return;
  const form = document.getElementById("filter");
  form.hidden = false;
  const fields = ["experiment", "principal", "level"];
  const headers = Array.from(table.tHead.rows[0].querySelectorAll("th.principal"));
  const first = headers.length ? headers[0].cellIndex : 0;
  const columns = headers.map((header) => header.dataset.search.toLowerCase());
  const lists = Array.from(document.querySelectorAll("#principals > details"));
  const ranks = Array.from(form.elements.level.options).map((option) => option.value).slice(1).reverse();
  const parents = [];
  const lines = Array.from(table.tBodies[0].rows).map((row) => {
    const depth = Number(row.dataset.depth);
    const name = row.cells[0].dataset.search.toLowerCase();
    const line = { row: row, depth: depth, parent: parents[depth - 1], name: name, cells: [], grants: [], direct: 0 };
    if (row.classList.contains("folder")) {
      parents[depth] = line;
      line.button = foldButton(row.cells[0].querySelector(".name"));
    } else if (line.parent) {
      line.parent.direct++;
    }
    let column = -first;
    for (const cell of row.cells) {
      const span = cell.colSpan;
      if (column >= 0) line.cells.push({ element: cell, from: column, to: column + span });
      for (const level of cell.querySelectorAll("td > [data-level]")) {
        line.grants.push({ level: level, column: column, rank: ranks.indexOf(level.dataset.level), direct: level.localName === "b" });
      }
      column += span;
    }
    return line;
  });
  const folders = lines.filter((line) => line.button);
  const total = lines.length - folders.length;
  let filtered = false;

  // Turns the name of a folder into a button. Without this script, all folders are unfolded.
  function foldButton(name) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "name";
    button.append(...name.childNodes);
    name.replaceWith(button);
    button.setAttribute("aria-expanded", "true");
    button.addEventListener("click", () => {
      button.setAttribute("aria-expanded", String(button.getAttribute("aria-expanded") === "false"));
      fold();
    });
    return button;
  }
  // The style sheet displays folded rows in print.
  function fold() {
    let folded = Infinity;
    for (const line of lines) {
      line.row.classList.toggle("folded", line.depth > folded);
      if (line.depth > folded) continue;
      folded = line.button && line.button.getAttribute("aria-expanded") === "false" ? line.depth : Infinity;
    }
  }
  function setFolds(isOpen) {
    for (const folder of folders) folder.button.setAttribute("aria-expanded", String(isOpen(folder)));
    fold();
  }
  // In a large table, folders that directly contain experiments are initially folded.
  function initialFolds() {
    setFolds((folder) => total <= 100 || folder.direct === 0);
  }

  function show() {
    const filter = Object.fromEntries(fields.map((field) => [field, form.elements[field].value.trim()]));
    const experiment = filter.experiment.toLowerCase();
    const principal = filter.principal.toLowerCase();
    // CAN_EDIT and CAN_RUN do not include each other, so a filter for one includes the other.
    const minRank = ranks.indexOf(filter.level === "CAN_EDIT" && ranks.includes("CAN_RUN") ? "CAN_RUN" : filter.level);
    const direct = form.elements.direct.checked;
    const byGrant = principal !== "" || filter.level !== "" || direct;
    const hasGrants = columns.map(() => false);
    let shown = 0;
    for (const folder of folders) folder.row.hidden = true;
    for (const line of lines) {
      let hasMatch = !byGrant;
      const named = line.name.includes(experiment);
      for (const grant of line.grants) {
        const matches = columns[grant.column].includes(principal) && grant.rank >= minRank && (!direct || grant.direct);
        grant.level.classList.toggle("off", !matches);
        if (line.button) continue;
        hasMatch = hasMatch || matches;
        hasGrants[grant.column] = hasGrants[grant.column] || (matches && named);
      }
      if (line.button) continue;
      line.row.hidden = !(named && hasMatch);
      if (line.row.hidden) continue;
      shown++;
      for (let above = line.parent; above && above.row.hidden; above = above.parent) above.row.hidden = false;
    }
    const wasFiltered = filtered;
    filtered = byGrant || experiment !== "";
    const visible = columns.map((_, i) => !filtered || hasGrants[i]);
    showColumns(visible);
    lists.forEach((list, i) => { list.hidden = filtered && !hasGrants[i]; });
    table.hidden = shown === 0;
    document.getElementById("no-matches").hidden = shown !== 0;
    document.getElementById("shown").textContent = filtered
      ? "Filtered: " + shown + " of " + formatCount(total, "experiment") + ", " +
        visible.filter(Boolean).length + " of " + formatCount(columns.length, "principal") + "."
      : "";
    if (filtered) setFolds(() => true);
    else if (wasFiltered) initialFolds();
  }
  function formatCount(n, noun) { return n + " " + noun + (n === 1 ? "" : "s"); }
  // An empty cell can span several columns.
  function showColumns(visible) {
    const before = [0];
    visible.forEach((isVisible, i) => before.push(before[i] + (isVisible ? 1 : 0)));
    headers.forEach((header, i) => { header.hidden = !visible[i]; });
    for (const line of lines) {
      for (const cell of line.cells) {
        const span = before[cell.to] - before[cell.from];
        cell.element.hidden = span === 0;
        if (span > 0 && cell.element.colSpan !== span) cell.element.colSpan = span;
      }
    }
  }

  // The filters are part of the URL, so a filtered page can be shared.
  function writeFragment() {
    const params = new URLSearchParams();
    for (const field of fields) if (form.elements[field].value.trim()) params.set(field, form.elements[field].value.trim());
    if (form.elements.direct.checked) params.set("direct", "1");
    history.replaceState(null, "", params.size ? "#" + params : location.pathname + location.search);
  }
  function readFragment() {
    const params = new URLSearchParams(location.hash.slice(1));
    if (fields.concat("direct").every((field) => !params.has(field)) && location.hash.length > 1) {
      openList();
      return;
    }
    for (const field of fields) form.elements[field].value = params.get(field) || "";
    form.elements.direct.checked = params.get("direct") === "1";
    show();
  }
  // Opens the list of the principal in the URL.
  function openList() {
    const list = document.getElementById(location.hash.slice(1));
    const details = list && list.closest("details");
    if (!details) return;
    details.open = true;
    details.scrollIntoView();
    details.firstElementChild.focus();
  }

  // A cell displays only a letter. The rest of its text is the tooltip.
  table.addEventListener("pointerover", (event) => {
    const cell = event.target.closest("td");
    const full = cell && cell.querySelector(".full");
    if (full) cell.title = cell.querySelector(".principal").textContent + "\n" + full.textContent.trim().replaceAll("; ", "\n");
  });
  window.addEventListener("beforeprint", () => {
    for (const list of lists) list.open = true;
  });
  if (folders.length) {
    document.getElementById("unfold").addEventListener("click", () => setFolds(() => true));
    document.getElementById("fold").addEventListener("click", () => setFolds(() => false));
  }
  form.addEventListener("input", () => { show(); writeFragment(); });
  form.addEventListener("reset", () => setTimeout(() => { show(); writeFragment(); }));
  form.addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("hashchange", readFragment);
  initialFolds();
  readFragment();
})();
