// A connection to gatewayd that comes back by itself, and what was said in one ticket. Both pages use it; so may yours.

export class Gateway {
  // token(): a promise of {url, token, user_id}, asked for at each connection, so that it may be a fresh one.
  // onConnected(): at first and each time it has come back: fetch anew what you show.
  constructor({ token, onConnected, onMessage, onState }) {
    Object.assign(this, { token, onConnected, onMessage, onState });
    this.asked = new Map(); // id: [resolve, reject]
    this.number = 0;
    this.tries = 0;
    this.connect();
  }

  async connect() {
    this.onState("connecting");
    let login;
    try {
      login = await this.token();
    } catch {
      return this.later();
    }
    this.user = login.user_id;
    // In a subprotocol the token is in no URL, and so in no log.
    this.socket = new WebSocket(login.url, ["gateway.v1.json", "bearer", login.token]);
    this.socket.onmessage = (event) => this.take(JSON.parse(event.data));
    this.socket.onclose = (event) => {
      for (const [, reject] of this.asked.values()) reject(new Error("the connection is gone"));
      this.asked.clear();
      if (event.reason.startsWith("replaced")) return this.onState("replaced"); // open somewhere else now
      this.later();
    };
  }

  // 0.5 s at first, up to 20 s, and never all clients at the same moment.
  later() {
    this.onState("waiting");
    const most = Math.min(20000, 500 * 2 ** this.tries++);
    setTimeout(() => this.connect(), most / 2 + (Math.random() * most) / 2);
  }

  take(message) {
    if (message.type === "connected") {
      this.tries = 0;
      this.onState("connected");
      return this.onConnected(message);
    }
    if (message.type === "token_expiring") return this.renew();
    const waiting = this.asked.get(message.id);
    // Messages of others may have an id of theirs: only an answer is of the gateway.
    if (!waiting || message.msg_id) return this.onMessage(message);
    this.asked.delete(message.id);
    if (message.type !== "error") return waiting[0](message);
    waiting[1](Object.assign(new Error(message.content), { code: message.code }));
  }

  async renew() {
    const { token } = await this.token();
    this.ask("auth_refresh", { token }).catch(() => {});
  }

  get isOpen() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  // A frame that is answered; a refusal is an Error with `code`.
  ask(type, fields = {}) {
    if (!this.isOpen) return Promise.reject(new Error("not connected"));
    const id = `q${++this.number}`;
    return new Promise((resolve, reject) => {
      this.asked.set(id, [resolve, reject]);
      this.socket.send(JSON.stringify({ type, id, ...fields }));
    });
  }

  send(message) {
    if (this.isOpen) this.socket.send(JSON.stringify(message));
  }
}

// What was said and done in a ticket, each thing once, whether it came live, from the history, or from this page.
export class Transcript {
  constructor(gateway, ticketId) {
    Object.assign(this, { gateway, ticketId, entries: [], unsent: new Map() });
  }

  add(entry) {
    this.unsent.delete(entry.id);
    if (this.entries.some((known) => same(known, entry))) return false;
    this.entries.push(entry);
    return true;
  }

  // Of this page's user. It is shown at once, and kept until the history has it or the gateway refuses it.
  say(content) {
    const message = { type: "text", id: crypto.randomUUID(), ticket_id: this.ticketId, content };
    this.unsent.set(message.id, { message, at: Date.now() });
    this.entries.push({ ...message, from: this.gateway.user, create_at: new Date().toISOString() });
    this.gateway.send(message);
  }

  // An answer with the id of something that was said: it was refused.
  refused(error) {
    const entry = this.entries.find((known) => known.id === error.id);
    this.unsent.delete(error.id);
    if (entry) entry.failed = error.content;
    return Boolean(entry);
  }

  // The newest 200 entries; what was said and is not among them is said again, under the same id.
  async load() {
    const page = await this.gateway.ask("ticket_history", { ticket_id: this.ticketId, order: "desc", limit: 200 });
    const live = this.entries.filter((entry) => entry.msg_id || entry.failed);
    this.entries = [];
    for (const entry of [...page.entries, ...live]) this.add(entry);
    this.entries.sort((a, b) => Date.parse(a.create_at) - Date.parse(b.create_at));
    const first = Date.parse(page.entries[0]?.create_at);
    for (const [id, { at }] of this.unsent) if (at < first) this.unsent.delete(id); // further back than the page goes
    for (const { message } of this.unsent.values()) {
      this.entries.push({ ...message, from: this.gateway.user, create_at: new Date().toISOString() });
      this.gateway.send(message);
    }
  }
}

function same(a, b) {
  if (a.seq_no && b.seq_no) return a.seq_no === b.seq_no;
  if (a.id && a.id === b.id && a.from === b.from) return true;
  if (a.type === "text" || b.type === "text") return Boolean(a.msg_id) && a.msg_id === b.msg_id;
  const near = Math.abs(Date.parse(a.create_at) - Date.parse(b.create_at)) < 2000;
  return near && a.type === b.type && a.content === b.content && a.agent_id === b.agent_id && a.user_id === b.user_id;
}

// How an event reads; nothing for what need not be shown.
export function inWords(entry) {
  const agent = entry.agent_name || entry.agent_id;
  const words = {
    ticket_assigned: `${agent} is here`,
    ticket_transferred: entry.agent_id ? `handed over to ${agent}` : "handed back; the next agent will be with you",
    ticket_queued: entry.why ? "waiting for an agent" : "",
    ticket_paused: "on hold",
    ticket_resumed: "goes on",
    ticket_closed: "closed" + (entry.reason ? `: ${entry.reason}` : ""),
    ticket_timeout_warning: `closes in ${entry.closes_in_s} s if nobody says anything`,
    ticket_timeout_closed: "closed: nobody said anything",
    ticket_reopened: "opened again",
    ticket_participant_joined: `${entry.user_id} joined`,
    ticket_participant_left: `${entry.user_id} left`,
  };
  return words[entry.type] || "";
}

// An element with text in it, never HTML: what others wrote is not to be trusted.
export function element(name, { text, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

// Draws a transcript; what was there stays, so that nothing flickers and a selection is kept.
export function draw(list, transcript, nameOf) {
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  const items = transcript.entries.flatMap((entry) => {
    const isNote = entry.type === "ticket_note";
    const isText = entry.type === "text" || isNote || (entry.content && !entry.type.startsWith("ticket_"));
    const text = isText ? entry.content : inWords(entry);
    if (!text) return [];
    const who = isNote ? `note of ${entry.by || "the back end"}` : nameOf(entry.from);
    const own = isText && !isNote && entry.from === transcript.gateway.user;
    const kind = isNote ? "note" : !isText ? "event" : own ? "own" : "other";
    const title = new Date(entry.create_at).toLocaleTimeString();
    const item = element("li", { className: entry.failed ? `${kind} failed` : kind, title });
    if (kind === "other" || kind === "note") item.append(element("span", { className: "who", text: who }));
    item.append(element("span", { className: "what", text }));
    if (entry.failed) item.append(element("span", { className: "why", text: entry.failed }));
    return [item];
  });
  list.replaceChildren(...items);
  if (atEnd) list.scrollTop = list.scrollHeight;
}
