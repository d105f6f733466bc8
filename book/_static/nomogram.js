/* Calculators of nomograms: the model is in the page, and nothing is sent anywhere. */
document.addEventListener("DOMContentLoaded", () => {
  const logistic = (x) => 1 / (1 + Math.exp(-x));
  const percent = (x) => `${(100 * x).toFixed(1)} %`;
  document.querySelectorAll(".nomogram-calculator").forEach(start);

  function start(root) {
    const model = JSON.parse(root.querySelector("script[type='application/json']").textContent);
    const form = root.querySelector("form");
    const rows = [...form.querySelectorAll("tbody tr")];
    const marks = (selector) => [...root.querySelectorAll(`.marker${selector}, .thread`)];
    root.querySelector(".nomogram-static").hidden = true;
    root.classList.add("nomogram-live");
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", show);
    show();

    /* The row of the regression's design: 1, then a column for each coefficient. */
    function design() {
      const x = new Array(model.coefficients.length).fill(0);
      x[0] = 1;
      model.variables.forEach((variable, i) => {
        const value = rows[i].querySelector("input, select").value;
        if (!variable.levels.length) x[variable.first] = Number(value);
        const level = variable.levels.indexOf(value);
        if (level > 0) x[variable.first + level - 1] = 1;
      });
      return x;
    }

    function pointsOf(variable, x) {
      const width = Math.max(variable.levels.length - 1, 1);
      let effect = 0;
      for (let i = variable.first; i < variable.first + width; i += 1) {
        effect += model.coefficients[i] * x[i];
      }
      return (effect - variable.lowest) * model.scale;
    }

    function show() {
      const x = design();
      const points = model.variables.map((variable) => pointsOf(variable, x));
      const total = points.reduce((sum, value) => sum + value, 0);
      const odds = x.reduce((sum, value, i) => sum + value * model.coefficients[i], 0);
      let variance = 0;
      x.forEach((a, i) => x.forEach((b, j) => { variance += a * b * model.covariance[i][j]; }));
      const half = model.z * Math.sqrt(Math.max(variance, 0));
      const [low, risk, high] = [odds - half, odds, odds + half].map(logistic);

      rows.forEach((row, i) => {
        const control = row.querySelector("input, select");
        const value = row.querySelector(".nomogram-value");
        if (value) value.value = control.value;
        row.querySelector(".nomogram-points").value = points[i].toFixed(1);
        place(`[data-variable="${i}"]`, points[i] / model.most);
      });
      place("[data-total]", total / model.total);
      root.querySelector(".nomogram-total").value = total.toFixed(1);
      const result = root.querySelector(".nomogram-risk");
      result.value = `Risk ${percent(risk)} (95 % interval ${percent(low)} to ${percent(high)})`;
      Object.assign(result.dataset, { probability: risk, low, high, total });
    }

    function place(selector, share) {
      const x = model.left + model.width * Math.min(Math.max(share, 0), 1);
      for (const mark of marks(selector)) {
        if (mark.matches(".marker")) mark.setAttribute("cx", x);
        else if (selector === "[data-total]") {
          mark.setAttribute("x1", x);
          mark.setAttribute("x2", x);
        }
      }
    }
  }
});
