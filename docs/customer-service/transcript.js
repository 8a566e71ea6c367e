// What was said and done in one ticket, each thing once, and how it is drawn.

const page_size = 100; // entries of a history that are fetched at once
const near_ms = 5000; // a notice came so long after its entry was written, at most

export class Transcript {
  constructor(gateway, ticketId, onChange) {
    Object.assign(this, { gateway, ticketId, onChange, entries: [], cursor: null, names: {} });
    this.key = `unsent ${gateway.user} ${ticketId}`;
    const unsent = JSON.parse(sessionStorage.getItem(this.key) || "[]"); // before a reload of the page
    this.entries.push(...unsent.map((entry) => ({ ...entry, connection: 0 })));
  }

  // What comes live. False: it is known.
  add(entry) {
    this.learn(entry);
    const known = this.entries.find((one) => same(one, entry));
    if (!known) this.entries.push(entry);
    return !known;
  }

  // --- what this page's user says: shown at once, sent again until it is kept or refused ---

  say(content) {
    const id = Date.now().toString(36) + Math.random().toString(36).slice(2);
    const entry = { type: "text", id, ticket_id: this.ticketId, content, from: this.gateway.user };
    this.entries.push({ ...entry, create_at: new Date().toISOString() });
    this.transmit(this.entries.at(-1));
  }

  transmit(entry) {
    const attempt = {};
    Object.assign(entry, { isPending: true, failed: undefined, attempt, connection: this.gateway.connection });
    this.save();
    const { type, id, ticket_id, content } = entry;
    this.gateway.send({ type, id, ticket_id, content });
    // The gateway takes one frame of a connection after the other: when this one is answered, that one is kept or refused.
    const settle = () => {
      if (entry.attempt !== attempt) return;
      entry.isPending = false;
      this.save();
    };
    this.gateway.ask("ticket_info", { ticket_id }).then(settle, (error) => error.code && settle());
  }

  // An answer with the id of something that was said: it was refused.
  refused(error) {
    const entry = this.entries.find((one) => one.id === error.id && one.isPending);
    if (!entry) return;
    entry.attempt = undefined;
    if (error.code === "rate_limited") return setTimeout(() => this.transmit(entry), error.retry_after_ms);
    Object.assign(entry, { isPending: false, failed: error.content });
    this.save();
  }

  save() {
    const pending = this.entries.filter((entry) => entry.isPending);
    if (pending.length) sessionStorage.setItem(this.key, JSON.stringify(pending));
    else sessionStorage.removeItem(this.key);
    this.onChange();
  }

  // --- the history ---

  // The newest page; then what was said on an earlier connection and is not in it is said again, under the same id.
  async load() {
    const old = new Set(this.entries);
    const { gateway, ticketId: ticket_id } = this;
    this.merge(await gateway.ask("ticket_history", { ticket_id, order: "desc", limit: page_size }), old);
    for (const entry of this.entries) {
      if (entry.isPending && entry.connection !== gateway.connection) this.transmit(entry);
    }
  }

  async loadEarlier() {
    const { gateway, ticketId: ticket_id, cursor } = this;
    const page = await gateway.ask("ticket_history", { ticket_id, order: "desc", limit: page_size, cursor });
    if (cursor !== this.cursor) return;
    page.entries.forEach((entry) => this.learn(entry));
    this.entries.unshift(...page.entries);
    this.cursor = page.next_cursor;
    this.onChange();
  }

  // The newest page of the history takes the place of the old entries; what came since, or is still unsent, follows it.
  merge(page, old = new Set()) {
    const kept = page.entries.map((entry) => {
      this.learn(entry);
      const known = this.entries.find((one) => same(one, entry));
      return known ? Object.assign(known, entry, { isPending: false, failed: undefined }) : entry;
    });
    const there = new Set(kept);
    const rest = this.entries.filter((one) => !there.has(one) && (one.isPending || one.failed || !old.has(one)));
    this.entries = [...kept, ...rest];
    this.cursor = page.next_cursor;
    this.save();
  }

  learn({ agent_id, agent_name, customer, customer_name }) {
    if (agent_name) this.names[agent_id] = agent_name;
    if (customer_name) this.names[customer] = customer_name;
  }

  nameOf(id) {
    return this.names[id] || (id === "system" ? "" : id);
  }
}

// A message has the same msg_id, live and in the history; an event does not, and is known by what it says.
function same(one, other) {
  if (one.seq_no && other.seq_no) return one.seq_no === other.seq_no;
  if (one.msg_id && one.msg_id === other.msg_id) return true;
  if (one.id && one.from) return one.id === other.id && one.from === other.from;
  const isOfHistory = Boolean(one.seq_no);
  if (!isEvent(one) || one.type !== other.type || isOfHistory === Boolean(other.seq_no)) return false;
  const near = Math.abs(Date.parse(one.create_at) - Date.parse(other.create_at)) < near_ms;
  return near && ["content", "agent_id", "user_id", "why"].every((key) => one[key] === other[key]);
}

export const isEvent = ({ type }) => type.startsWith("ticket_");
export const isNote = ({ type }) => type === "ticket_note";

// The ticket after a notice or an answer: some have all of it, some what has changed.
export function changed(ticket, { type, id, from, msg_id, create_at, ...news }) {
  const after = news.customer ? news : { ...ticket, ...news };
  if (["queued", "reopened", "offered"].includes(after.state)) after.agent_id = after.agent_name = undefined;
  else after.position = undefined;
  return after;
}
