// Menus close when something else is looked at, and by Escape.
export function tidyMenus() {
  // A long menu begins where one is.
  document.querySelector(".side [aria-current]")?.scrollIntoView({ block: "nearest" });
  function close(except) {
    for (const menu of document.querySelectorAll("details.menu[open], details.burger[open]")) {
      if (menu !== except) menu.open = false;
    }
  }
  document.addEventListener("click", (event) => close(event.target.closest("details")));
  // Who goes on by the keyboard has left it, too.
  document.addEventListener("focusin", (event) => close(event.target.closest("details")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.querySelector("details.menu[open], details.burger[open]");
    close(null);
    open?.querySelector("summary").focus();
  });
}
