/* Filters the table of all claims; without scripts the whole table is there. */
document.addEventListener("DOMContentLoaded", () => {
  const table = document.getElementById("claims-table");
  if (!table) return;
  const rows = [...table.tBodies[0].rows];
  const form = document.createElement("form");
  form.className = "claims-filter";
  form.addEventListener("submit", (event) => event.preventDefault());

  const field = (name, control) => {
    const label = document.createElement("label");
    control.name = name;
    label.append(name, control);
    form.append(label);
    control.addEventListener("input", apply);
    return control;
  };
  const choice = (name) => {
    const select = document.createElement("select");
    const values = new Set(rows.map((row) => row.dataset[name]));
    select.append(new Option("all", ""), ...[...values].sort().map((value) => new Option(value)));
    return field(name, select);
  };

  const choices = ["study", "evidence", "verdict"].map(choice);
  const text = field("text", Object.assign(document.createElement("input"), { type: "search" }));
  const count = document.createElement("output");
  form.append(count);
  (table.closest(".claims-scroll") ?? table).before(form);

  function apply() {
    const words = text.value.toLowerCase();
    for (const row of rows) {
      const chosen = choices.every((one) => !one.value || row.dataset[one.name] === one.value);
      row.hidden = !(chosen && row.textContent.toLowerCase().includes(words));
    }
    count.value = `${rows.filter((row) => !row.hidden).length} of ${rows.length} claims`;
  }
  apply();
});
