// A connection to gatewayd that comes back by itself. Both pages use it, and so may yours; docs/tickets.md has the frames.

const first_wait_ms = 500; // before the second try; twice as long each time,
const most_wait_ms = 20000; // up to this
const steady_ms = 10000; // after which a connection was a good one, and waits begin at first_wait_ms again
const most_retries = 5; // of a frame that is told to wait

export class Gateway {
  // login()        a promise of {url, token, user_id}, asked for at each connection, so that the token is a fresh one.
  //                An Error with `final` says that it is no use to try again.
  // onConnected()  at first, and each time it has come back: fetch anew what you show.
  // onMessage(m)   whatever is no answer to ask().
  // onState(word, why)  connecting, connected, waiting, replaced, refused.
  constructor({ login, onConnected, onMessage, onState }) {
    Object.assign(this, { login, onConnected, onMessage, onState });
    this.asked = new Map(); // id: {frame, resolve, reject, retries}
    this.number = 0; // of frames asked
    this.connection = 0; // the how many-th it is
    this.tries = 0;
    addEventListener("online", () => this.hurry());
    document.addEventListener("visibilitychange", () => this.hurry());
    this.connect();
  }

  async connect() {
    this.timer = undefined;
    this.onState("connecting");
    let login;
    try {
      login = await this.login();
    } catch (error) {
      return error.final ? this.onState("refused", error.message) : this.later();
    }
    this.user = login.user_id;
    // In a subprotocol the token is in no URL, and so in no log.
    const socket = new WebSocket(login.url, ["gateway.v1.json", "bearer", login.token]);
    this.socket = socket;
    socket.onmessage = (event) => this.take(JSON.parse(event.data));
    socket.onclose = (event) => this.lost(socket, event.reason);
  }

  lost(socket, reason) {
    if (socket !== this.socket) return;
    this.socket = undefined;
    this.isConnected = false;
    clearInterval(this.heartbeat);
    for (const { reject } of this.asked.values()) reject(new Error("The connection is gone."));
    this.asked.clear();
    if (Date.now() - this.since > steady_ms) this.tries = 0;
    if (reason.startsWith("replaced")) return this.onState("replaced", reason); // open somewhere else now
    this.later();
  }

  // Longer each time, and never all clients at the same moment.
  later() {
    this.onState("waiting");
    const most = Math.min(most_wait_ms, first_wait_ms * 2 ** this.tries++);
    this.timer = setTimeout(() => this.connect(), most / 2 + (Math.random() * most) / 2);
  }

  // The network is back, or somebody looks at the page again.
  hurry() {
    if (!this.timer || document.hidden) return;
    clearTimeout(this.timer);
    this.connect();
  }

  take(message) {
    this.isQuiet = false;
    if (message.type === "pong") return;
    if (message.type === "connected") return this.begin(message);
    if (message.type === "token_expiring") return this.renew();
    const waiting = this.asked.get(message.id);
    // Messages of others may have an id of theirs; they have a msg_id too, and answers have none.
    if (!waiting || message.msg_id) return this.onMessage(message);
    if (message.code === "rate_limited" && waiting.retries++ < most_retries) {
      return setTimeout(() => this.send(waiting.frame), message.retry_after_ms);
    }
    this.asked.delete(message.id);
    if (message.type !== "error") return waiting.resolve(message);
    waiting.reject(Object.assign(new Error(message.content), { code: message.code }));
  }

  begin({ heartbeat_interval }) {
    ++this.connection;
    this.isConnected = true;
    this.since = Date.now();
    this.isQuiet = false;
    this.heartbeat = setInterval(() => this.beat(), heartbeat_interval * 1000);
    this.onState("connected");
    // What fails because the connection goes again is fetched when it is back.
    Promise.resolve(this.onConnected()).catch((error) => this.isOpen && this.onState("connected", error.message));
  }

  // Pages do not see WebSocket pings. A network that went away without a word is found by this one.
  beat() {
    const socket = this.socket;
    if (!this.isQuiet) {
      this.isQuiet = true;
      return this.send({ type: "ping" });
    }
    this.lost(socket, "");
    socket.close();
  }

  async renew() {
    try {
      const { token } = await this.login();
      await this.ask("auth_refresh", { token });
    } catch {
      // The gateway closes the connection when the token is over, and the next one begins with a login.
    }
  }

  get isOpen() {
    return this.isConnected && this.socket.readyState === WebSocket.OPEN;
  }

  // A frame that is answered. A refusal is an Error with `code`; one without: nothing came of it that is known.
  ask(type, fields = {}) {
    if (!this.isOpen) return Promise.reject(new Error("There is no connection just now."));
    const frame = { type, id: `q${++this.number}`, ...fields };
    return new Promise((resolve, reject) => {
      this.asked.set(frame.id, { frame, resolve, reject, retries: 0 });
      this.send(frame);
    });
  }

  send(message) {
    if (this.isOpen) this.socket.send(JSON.stringify(message));
  }
}

// Asks the tutorial's back end who this is. Yours knows its users: there is no name to send then, but a session's cookie.
export async function login(role) {
  const body = JSON.stringify({ name: sessionStorage.getItem("name"), role });
  const answer = await fetch("token", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  const said = await answer.json();
  if (answer.ok) return said;
  throw Object.assign(new Error(said.error), { final: answer.status < 500 });
}
