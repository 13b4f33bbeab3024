// The page of a text: what was read from marked words, on hover, tap or by keyboard; and from an item back to its words.

const text = document.querySelector(".text");
const card = document.getElementById("card");
let pinned = null;

const numbers = (piece) => piece.dataset.items.split(" ");
const light = (list) => {
  for (const old of document.querySelectorAll(".lit")) old.classList.remove("lit");
  for (const number of list) {
    for (const piece of text.querySelectorAll(`[data-items~="${number}"]`)) piece.classList.add("lit");
    document.getElementById(`i${number}`)?.classList.add("lit");
  }
};

// Every marked stretch where something begins can be reached by keyboard.
for (const piece of text.querySelectorAll("[data-first]")) {
  piece.tabIndex = 0;
  piece.setAttribute("role", "button");
  piece.setAttribute("aria-haspopup", "dialog");
}

function open(piece) {
  // The narrowest statement first: most stretches belong to a mention inside a clause inside a sentence.
  const length = (number) => [...text.querySelectorAll(`[data-items~="${number}"]`)].reduce((sum, part) => sum + part.textContent.length, 0);
  const list = numbers(piece).sort((one, other) => length(one) - length(other));
  light(list);
  card.replaceChildren(...list.slice(0, 8).map((number) => {
    const item = document.createElement("div");
    for (const part of document.getElementById(`i${number}`).children) item.append(part.cloneNode(true));
    return item;
  }));
  card.hidden = false;
  const place = piece.getClientRects()[0];
  const width = card.offsetWidth;
  const start = Math.max(8, Math.min(place.left, document.documentElement.clientWidth - width - 8));
  card.style.left = `${start + scrollX}px`;
  card.style.top = `${place.bottom + scrollY + 6}px`;
}
function close() {
  card.hidden = true;
  pinned = null;
  light([]);
}

text.addEventListener("pointerover", (event) => {
  const piece = event.target.closest(".s");
  if (piece && !pinned && event.pointerType === "mouse") open(piece);
});
text.addEventListener("pointerleave", (event) => { if (!pinned && event.pointerType === "mouse" && !card.contains(event.relatedTarget)) close(); });
card.addEventListener("pointerleave", () => { if (!pinned) close(); });
text.addEventListener("click", (event) => {
  const piece = event.target.closest(".s");
  if (!piece) return close();
  pinned = piece;
  open(piece);
});
text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" && event.key !== " ") return;
  const piece = event.target.closest(".s");
  if (!piece) return;
  event.preventDefault();
  pinned = piece;
  open(piece);
  card.querySelector("a")?.focus();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || card.hidden) return;
  const back = pinned;
  close();
  back?.focus();
});
document.addEventListener("click", (event) => {
  if (!card.hidden && !card.contains(event.target) && !text.contains(event.target)) close();
});
for (const item of document.querySelectorAll(".item")) {
  const number = item.id.slice(1);
  item.addEventListener("pointerenter", () => { if (!pinned) light([number]); });
  item.addEventListener("focusin", () => { if (!pinned) light([number]); });
}
