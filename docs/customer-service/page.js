// What both pages draw with. What others wrote is set as text, never as HTML.
import { isEvent, isNote } from "./transcript.js";

export const at = (id) => document.getElementById(id);

export function element(name, { text, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

// The list has these elements then, in this order. What is there already stays: its focus, its selection, and what a
// screen reader has read.
export function arrange(list, elements) {
  let next = list.firstElementChild;
  for (const one of elements) {
    if (one === next) next = next.nextElementSibling;
    else list.insertBefore(one, next);
  }
  while (next) {
    const gone = next;
    next = next.nextElementSibling;
    gone.remove();
  }
}

// How an event reads; "" for what need not be shown.
function inWords(entry, nameOf) {
  const agent = nameOf(entry.agent_id);
  const words = {
    ticket_assigned: `${agent} is here`,
    ticket_transferred: entry.agent_id ? `handed over to ${agent}` : "handed back: the next agent will be with you",
    ticket_queued: entry.why ? "waiting for an agent" : "",
    ticket_paused: "on hold",
    ticket_resumed: "goes on",
    ticket_updated: `now about: ${entry.subject}, ${entry.priority}`,
    ticket_closed: "closed" + (entry.reason ? `: ${entry.reason}` : ""),
    ticket_timeout_warning: `closes in ${entry.closes_in_s} s if nobody says anything`,
    ticket_timeout_closed: "closed: nobody said anything",
    ticket_reopened: "opened again",
    ticket_participant_joined: `${nameOf(entry.user_id)} joined`,
    ticket_participant_left: `${nameOf(entry.user_id)} left`,
  };
  return words[entry.type] || "";
}

function itemOf(entry, transcript) {
  const isSaid = isNote(entry) || !isEvent(entry);
  const text = isSaid ? entry.content || "" : inWords(entry, (id) => transcript.nameOf(id));
  if (!text) return null;
  const own = isSaid && !isNote(entry) && entry.from === transcript.gateway.user;
  const kind = isNote(entry) ? "note" : !isSaid ? "event" : own ? "own" : "other";
  const item = element("li", { className: kind });
  if (kind === "note") item.append(element("span", { className: "small", text: `note, ${transcript.nameOf(entry.by) || "back end"}` }));
  if (kind === "other") item.append(element("span", { className: "small", text: transcript.nameOf(entry.from) }));
  item.append(element("span", { className: "what", text }));
  const time = new Date(entry.create_at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  item.append(element("span", { className: "small", text: entry.isPending ? "on its way" : entry.failed || time }));
  item.classList.toggle("failed", Boolean(entry.failed));
  if (entry.failed) item.append(element("button", { text: "Send again", onclick: () => transcript.transmit(entry) }));
  return item;
}

const drawn = new WeakMap(); // entry: {item, looks}

// Draws a transcript. Who was at its end stays there; who reads further up is not moved.
export function draw(list, transcript) {
  const atEnd = list.shows !== transcript || list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  list.shows = transcript;
  const items = transcript.entries.map((entry) => {
    const looks = [entry.isPending, entry.failed, transcript.nameOf(entry.by || entry.from || entry.agent_id)].join();
    if (drawn.get(entry)?.looks !== looks) drawn.set(entry, { looks, item: itemOf(entry, transcript) });
    return drawn.get(entry).item;
  });
  const earlier = (list.earlier ??= element("li", { className: "event" }, element("button", { text: "Show earlier" })));
  earlier.firstChild.onclick = () => transcript.loadEarlier().catch(() => {});
  arrange(list, [...(transcript.cursor ? [earlier] : []), ...items.filter(Boolean)]);
  if (atEnd) list.scrollTop = list.scrollHeight;
}

// A text field of one or more lines, in a form: Enter sends, unless it ends a word that is still being composed.
export function sendsOnEnter(field) {
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    field.form.requestSubmit();
  });
}

const states = {
  connecting: "connecting",
  connected: "connected",
  waiting: "no connection, trying again",
  replaced: "open in another window",
  refused: "not let in",
};

// Says in #state how the connection is.
export function showState(state, why) {
  at("state").textContent = why ? `${states[state]}: ${why}` : states[state];
  document.body.dataset.state = state;
}

// The form that asks for a name, once for each window; begin() when there is one.
export function askName(form, begin) {
  const start = () => {
    form.hidden = true;
    begin();
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    sessionStorage.setItem("name", form.elements.name.value.trim());
    start();
  };
  if (sessionStorage.getItem("name")) start();
  else form.hidden = false;
}
