// What the pages do live. Without it they do the same by loading again.
"use strict";

// A form is sent once. The shop takes a second one for the same order anyway; this only spares the buyer the doubt.
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", () => form.querySelector("button").setAttribute("aria-disabled", "true"));
}
// Coming back to the page makes the button good again.
addEventListener("pageshow", () => document.querySelectorAll("[aria-disabled]").forEach((b) => b.removeAttribute("aria-disabled")));

const timeline = document.getElementById("timeline");
if (timeline && timeline.dataset.events) follow(timeline);

function follow(list) {
  const template = document.getElementById("row");
  const source = new EventSource(list.dataset.events);
  const live = document.querySelector(".live");

  source.onopen = () => { live.hidden = false; };
  source.onerror = () => {
    live.hidden = true;
    // It comes back by itself after a break; after a refusal it does not, and the page does what it would without JavaScript.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 5000);
  };
  source.onmessage = (m) => insert(list, template, JSON.parse(m.data));
  source.addEventListener("status", (m) => refresh(JSON.parse(m.data)));
  source.addEventListener("end", (m) => {
    source.close();
    live.hidden = true;
    refresh(JSON.parse(m.data));
  });
}

// insert puts an event where its time belongs, unless it is there.
function insert(list, template, event) {
  if (list.querySelector(`[data-id="${CSS.escape(event.id)}"]`)) return;
  const row = template.content.firstElementChild.cloneNode(true);
  const request = event.topic === "orders.fulfilment";
  row.dataset.id = event.id;
  row.dataset.time = event.time;
  row.classList.add("new");
  row.classList.toggle("request", request);
  row.querySelector(".since").textContent = since(Date.parse(event.time) - Date.parse(list.dataset.placed));
  const service = row.querySelector(".service");
  service.textContent = event.source;
  service.classList.add(event.source);
  row.querySelector("i").textContent = request ? "asks: " : "";
  row.querySelector("b").replaceWith(inWords(request ? event.type.replace(/^[^.]*\./, "") : event.type));
  row.querySelector("small").textContent = `${event.type} v${event.version}`;
  const after = [...list.children].find((other) => compare(other.dataset.time, event.time) > 0);
  list.insertBefore(row, after || null);
}

// compare orders RFC 3339 times in UTC, which are as long as their fraction needs.
function compare(a, b) {
  const difference = Date.parse(a) - Date.parse(b);
  return difference || fraction(a).localeCompare(fraction(b));
}

function fraction(time) {
  return (time.match(/\.(\d+)/) || ["", "0"])[1].padEnd(9, "0");
}

function since(milliseconds) {
  const ms = Math.max(milliseconds, 0);
  if (ms < 1000) return `${Math.floor(ms)} ms`;
  if (ms < 60000) return `${(ms / 1000).toFixed(2)} s`;
  return `${Math.floor(ms / 60000)} min ${Math.floor(ms / 1000) % 60} s`;
}

function inWords(name) {
  const words = name.replace(/[._]/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

// refresh takes the head of the order from the same page as the shop renders it now, so that only one place knows how it looks. It does
// nothing when the head shows this state of the order already.
async function refresh(order) {
  const head = document.getElementById("order");
  if (head.dataset.status === order.status && Date.parse(head.dataset.updated) === Date.parse(order.updated_at)) return;
  const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("order");
  if (!fresh) return;
  Object.assign(head.dataset, fresh.dataset);
  head.replaceChildren(...fresh.childNodes);
}
