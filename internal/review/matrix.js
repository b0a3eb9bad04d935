(function () {
  "use strict";
  const table = document.getElementById("matrix");
  if (!table) return;
  const form = document.getElementById("filter");
  const fields = ["experiment", "principal", "level"];
  const columns = Array.from(table.tHead.rows[0].cells).slice(1).map((head) => head.dataset.find.toLowerCase());
  const ranks = Array.from(form.elements.level.options).map((option) => option.value).slice(1).reverse();
  const lines = Array.from(table.tBodies[0].rows).map((row) => ({
    row: row,
    name: row.cells[0].dataset.find.toLowerCase(),
    grants: Array.from(row.querySelectorAll(".level")).map((level) => ({
      level: level,
      column: level.parentElement.cellIndex - 1,
      rank: ranks.indexOf(level.dataset.level),
      direct: !level.classList.contains("inherited"),
    })),
  }));
  // Hides columns by their number: one rule is faster than a class on each cell.
  const hidden = document.head.appendChild(document.createElement("style"));

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
    for (const line of lines) {
      let holds = !byGrant;
      const named = line.name.includes(experiment);
      for (const grant of line.grants) {
        const fits = columns[grant.column].includes(principal) && grant.rank >= least && (!direct || grant.direct);
        grant.level.classList.toggle("off", !fits);
        holds = holds || fits;
        used[grant.column] = used[grant.column] || (fits && named);
      }
      line.row.hidden = !(named && holds);
      if (!line.row.hidden) shown++;
    }
    const filtered = byGrant || experiment !== "";
    const gone = columns.map((_, i) => i).filter((i) => filtered && !used[i]);
    hidden.textContent = gone.length ? gone.map((i) => "#matrix tr > :nth-child(" + (i + 2) + ")").join(",") + "{display:none}" : "";
    table.hidden = shown === 0;
    document.getElementById("nothing").hidden = shown !== 0;
    document.getElementById("shown").textContent = filtered
      ? "Filtered: " + shown + " of " + lines.length + " experiments, " + (columns.length - gone.length) + " of " + columns.length + " principals."
      : "";
  }

  // The filters stand in the address, so that a filtered page can be sent to somebody.
  function toAddress() {
    const given = new URLSearchParams();
    for (const field of fields) if (form.elements[field].value.trim()) given.set(field, form.elements[field].value.trim());
    if (form.elements.direct.checked) given.set("direct", "1");
    history.replaceState(null, "", given.size ? "#" + given : location.pathname + location.search);
  }
  function fromAddress() {
    const given = new URLSearchParams(location.hash.slice(1));
    if (fields.concat("direct").every((field) => !given.has(field)) && location.hash.length > 1) return;
    for (const field of fields) form.elements[field].value = given.get(field) || "";
    form.elements.direct.checked = given.get("direct") === "1";
    show();
  }

  form.addEventListener("input", () => { show(); toAddress(); });
  form.addEventListener("reset", () => setTimeout(() => { show(); toAddress(); }));
  form.addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("hashchange", fromAddress);
  fromAddress();
})();
