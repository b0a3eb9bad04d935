(function () {
  "use strict";
  const table = document.getElementById("matrix");
  if (!table) return;
  const form = document.getElementById("filter");
  form.hidden = false;
  const fields = ["experiment", "principal", "level"];
  const heads = Array.from(table.tHead.rows[0].querySelectorAll("th.who"));
  const first = heads.length ? heads[0].cellIndex : 0;
  const columns = heads.map((head) => head.dataset.find.toLowerCase());
  const lists = Array.from(document.querySelectorAll("#principals > details"));
  const ranks = Array.from(form.elements.level.options).map((option) => option.value).slice(1).reverse();
  const parents = [];
  const lines = Array.from(table.tBodies[0].rows).map((row) => {
    const depth = Number(row.dataset.depth);
    const line = { row: row, depth: depth, parent: parents[depth - 1], name: row.cells[0].dataset.find.toLowerCase(), cells: [], grants: [], direct: 0 };
    if (row.classList.contains("folder")) {
      parents[depth] = line;
      line.button = foldButton(row.cells[0].querySelector(".name"));
    } else if (line.parent) {
      line.parent.direct++;
    }
    let column = -first;
    for (const cell of row.cells) {
      const span = cell.colSpan;
      if (column >= 0) line.cells.push({ cell: cell, from: column, to: column + span });
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

  // The name of a folder becomes a button. Without this script, all folders are unfolded.
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
  // The style sheet shows folded rows in print.
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
  // A large table begins with the folders that contain experiments folded.
  function initialFolds() {
    setFolds((folder) => total <= 100 || folder.direct === 0);
  }

  function show() {
    const wanted = Object.fromEntries(fields.map((field) => [field, form.elements[field].value.trim()]));
    const experiment = wanted.experiment.toLowerCase();
    const principal = wanted.principal.toLowerCase();
    // CAN_EDIT and CAN_RUN do not include each other, so neither is left out for the other one.
    const least = ranks.indexOf(wanted.level === "CAN_EDIT" && ranks.includes("CAN_RUN") ? "CAN_RUN" : wanted.level);
    const direct = form.elements.direct.checked;
    const byGrant = principal !== "" || wanted.level !== "" || direct;
    const used = columns.map(() => false);
    let shown = 0;
    for (const folder of folders) folder.row.hidden = true;
    for (const line of lines) {
      let holds = !byGrant;
      const named = line.name.includes(experiment);
      for (const grant of line.grants) {
        const fits = columns[grant.column].includes(principal) && grant.rank >= least && (!direct || grant.direct);
        grant.level.classList.toggle("off", !fits);
        if (line.button) continue;
        holds = holds || fits;
        used[grant.column] = used[grant.column] || (fits && named);
      }
      if (line.button) continue;
      line.row.hidden = !(named && holds);
      if (line.row.hidden) continue;
      shown++;
      for (let above = line.parent; above && above.row.hidden; above = above.parent) above.row.hidden = false;
    }
    const was = filtered;
    filtered = byGrant || experiment !== "";
    const visible = columns.map((_, i) => !filtered || used[i]);
    showColumns(visible);
    lists.forEach((list, i) => { list.hidden = filtered && !used[i]; });
    table.hidden = shown === 0;
    document.getElementById("nothing").hidden = shown !== 0;
    document.getElementById("shown").textContent = filtered
      ? "Filtered: " + shown + " of " + counted(total, "experiment") + ", " + visible.filter(Boolean).length + " of " + counted(columns.length, "principal") + "."
      : "";
    if (filtered) setFolds(() => true);
    else if (was) initialFolds();
  }
  function counted(n, noun) { return n + " " + noun + (n === 1 ? "" : "s"); }
  // An empty cell can span several columns.
  function showColumns(visible) {
    const before = [0];
    visible.forEach((is, i) => before.push(before[i] + (is ? 1 : 0)));
    heads.forEach((head, i) => { head.hidden = !visible[i]; });
    for (const line of lines) {
      for (const cell of line.cells) {
        const span = before[cell.to] - before[cell.from];
        cell.cell.hidden = span === 0;
        if (span > 0 && cell.cell.colSpan !== span) cell.cell.colSpan = span;
      }
    }
  }

  // The filters are part of the URL, so a filtered page can be shared.
  function toAddress() {
    const given = new URLSearchParams();
    for (const field of fields) if (form.elements[field].value.trim()) given.set(field, form.elements[field].value.trim());
    if (form.elements.direct.checked) given.set("direct", "1");
    history.replaceState(null, "", given.size ? "#" + given : location.pathname + location.search);
  }
  function fromAddress() {
    const given = new URLSearchParams(location.hash.slice(1));
    if (fields.concat("direct").every((field) => !given.has(field)) && location.hash.length > 1) {
      openList();
      return;
    }
    for (const field of fields) form.elements[field].value = given.get(field) || "";
    form.elements.direct.checked = given.get("direct") === "1";
    show();
  }
  // The URL of a principal's list unfolds it.
  function openList() {
    const list = document.getElementById(location.hash.slice(1));
    const details = list && list.closest("details");
    if (!details) return;
    details.open = true;
    details.scrollIntoView();
    details.firstElementChild.focus();
  }

  // A cell has room for a letter only: the rest of its text is its tooltip.
  table.addEventListener("pointerover", (event) => {
    const cell = event.target.closest("td");
    if (cell && cell.querySelector(".full")) cell.title = cell.querySelector(".who").textContent + "\n" + cell.querySelector(".full").textContent.trim().replaceAll("; ", "\n");
  });
  window.addEventListener("beforeprint", () => {
    for (const list of lists) list.open = true;
  });
  if (folders.length) {
    document.getElementById("unfold").addEventListener("click", () => setFolds(() => true));
    document.getElementById("fold").addEventListener("click", () => setFolds(() => false));
  }
  form.addEventListener("input", () => { show(); toAddress(); });
  form.addEventListener("reset", () => setTimeout(() => { show(); toAddress(); }));
  form.addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("hashchange", fromAddress);
  initialFolds();
  fromAddress();
})();
