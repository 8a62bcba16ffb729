"use strict";
for (const block of document.querySelectorAll("pre")) {
  const button = document.createElement("button");
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(block.querySelector("code").textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  if (navigator.clipboard) block.append(button);
}
const contents = document.getElementById("contents");
const links = new Map([...contents.querySelectorAll("li a")].map((link) => [link.hash.slice(1), link]));
const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const link = links.get(entry.target.id);
    if (!entry.isIntersecting || !link) continue;
    contents.querySelector("[aria-current]")?.removeAttribute("aria-current");
    link.setAttribute("aria-current", "true");
    // Not scrollIntoView: on a narrow screen it would move the page under the reader.
    const top = link.offsetTop - contents.offsetTop;
    if (top < contents.scrollTop || top > contents.scrollTop + contents.clientHeight - 60) contents.scrollTop = top - 120;
  }
}, { rootMargin: "-10% 0px -80% 0px" });
for (const article of document.querySelectorAll("article")) seen.observe(article);
