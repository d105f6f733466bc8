/* Two pictures under one slider; without this script they stand one beside the other. */
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".compare").forEach((root) => {
    const stage = root.querySelector(".compare-stage");
    const controls = root.querySelector(".compare-controls");
    const border = root.querySelector(".compare-border");
    const zoom = root.querySelector(".compare-zoom");
    const difference = root.querySelector(".compare-differ");
    root.classList.add("compare-live");
    controls.hidden = false;
    root.addEventListener("input", show);
    show();

    /* On the picture itself the border follows the pointer; keys move it through its range. */
    stage.addEventListener("pointerdown", (event) => {
      stage.setPointerCapture(event.pointerId);
      follow(event);
      border.focus({ preventScroll: true });
      event.preventDefault();
    });
    stage.addEventListener("pointermove", (event) => {
      if (stage.hasPointerCapture(event.pointerId)) follow(event);
    });

    function follow(event) {
      const box = stage.getBoundingClientRect();
      border.value = (100 * (event.clientX - box.left)) / box.width;
      show();
    }

    function show() {
      root.style.setProperty("--border", `${border.value}%`);
      root.style.setProperty("--zoom", zoom.value);
      root.classList.toggle("compare-differs", difference.checked);
      zoom.nextElementSibling.value = `${Number(zoom.value)} times`;
      border.setAttribute("aria-valuetext", `${Math.round(border.value)} percent`);
    }
  });
});
