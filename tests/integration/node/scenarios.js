// What an application on npm's `ws` does with the gateway: `node scenarios.js NAME URL ADMIN_URL COMPRESSES`; the last
// says ("True") whether the gateway agrees to compression, which `ws` offers by itself. Each scenario is
// a function that throws when something is not as promised. test_npm_ws.py runs them.
'use strict'

const assert = require('node:assert/strict')
const { once } = require('node:events')
const WebSocket = require('ws')

const [, , name, url, adminUrl, compresses] = process.argv

// A connection with an inbox: `await client.next()` is the next message.
class Client {
  constructor(query, options = {}) {
    const { protocols, ...rest } = options
    this.socket = new WebSocket(`${url}?${new URLSearchParams(query)}`, protocols, rest)
    this.inbox = []
    this.waiting = []
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }))
    })
    this.socket.on('message', (data, isBinary) => {
      assert.equal(isBinary, false)
      const message = JSON.parse(data.toString())
      const waiter = this.waiting.shift()
      if (waiter) waiter(message)
      else this.inbox.push(message)
    })
  }

  static async connect(query, options) {
    const client = new Client(query, options)
    await once(client.socket, 'open')
    client.greeting = await client.next()
    assert.equal(client.greeting.type, 'connected')
    return client
  }

  send(message) {
    this.socket.send(JSON.stringify(message))
  }

  next() {
    if (this.inbox.length > 0) return Promise.resolve(this.inbox.shift())
    return new Promise((resolve) => this.waiting.push(resolve))
  }

  async close(code, reason) {
    this.socket.close(code, reason)
    return this.closed
  }
}

const refusal = async (query, options) => {
  const client = new Client(query, options)
  client.socket.on('error', () => {})
  const [, response] = await once(client.socket, 'unexpected-response')
  response.resume()
  return response.statusCode
}

const scenarios = {
  async users_talk() {
    const alice = await Client.connect({ user_id: 'alice', client_id: 'a1' })
    const bob = await Client.connect({ user_id: 'bob', client_id: 'b1' })
    alice.send({ type: 'text', to: 'bob', content: 'grüße 漢字 😀', data: { deep: [1, 2.5, null] } })
    const message = await bob.next()
    assert.equal(message.from, 'alice')
    assert.equal(message.content, 'grüße 漢字 😀')
    assert.deepEqual(message.data, { deep: [1, 2.5, null] })
    bob.send({ type: 'text', to: 'alice', content: 'back', reply_to_msg_id: message.msg_id })
    assert.equal((await alice.next()).reply_to_msg_id, message.msg_id)
    alice.send({ type: 'text', to: 'nobody', id: 1 })
    const error = await alice.next()
    assert.deepEqual([error.type, error.code, error.id], ['error', 'user_offline', 1])
    await alice.close()
    await bob.close()
  },

  async a_back_end_broadcasts() {
    const clients = []
    for (let i = 0; i < 20; ++i) clients.push(await Client.connect({ user_id: `u${i}` }))
    const response = await fetch(`${adminUrl}/api/v1/broadcast`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ type: 'news', content: 'all' }),
    })
    assert.equal(response.status, 200)
    assert.equal((await response.json()).delivered, 20)
    for (const client of clients) {
      const message = await client.next()
      assert.deepEqual([message.type, message.from, message.content], ['news', 'system', 'all'])
      await client.close()
    }
  },

  async big_messages() {
    const alice = await Client.connect({ user_id: 'alice' })
    const bob = await Client.connect({ user_id: 'bob' })
    for (const size of [125, 126, 65535, 65536, 500_000, 1_000_000]) {
      const content = 'ж'.repeat(size / 2)
      alice.send({ type: 'text', to: 'bob', content })
      assert.equal((await bob.next()).content, content)
    }
    alice.send({ type: 'text', to: 'bob', content: 'x'.repeat(alice.greeting.max_message_size) })
    assert.equal((await alice.closed).code, 1009)
    await bob.close()
  },

  async fragments() {
    const alice = await Client.connect({ user_id: 'alice' })
    const bob = await Client.connect({ user_id: 'bob' })
    const text = JSON.stringify({ type: 'text', to: 'bob', content: '😀'.repeat(1000) })
    const bytes = Buffer.from(text)
    // Cut anywhere, also inside characters; pings in between.
    for (let at = 0; at < bytes.length; at += 997) {
      alice.socket.send(bytes.subarray(at, at + 997), { fin: at + 997 >= bytes.length, binary: false })
      alice.socket.ping()
    }
    assert.equal((await bob.next()).content, '😀'.repeat(1000))
    await alice.close()
    await bob.close()
  },

  async pings() {
    const client = await Client.connect({ user_id: 'alice' })
    const payload = Buffer.from([0, 255, 128, 10])
    client.socket.ping(payload)
    const [answer] = await once(client.socket, 'pong')
    assert.deepEqual(answer, payload)
    client.send({ type: 'ping' })
    assert.deepEqual(await client.next(), { type: 'pong' })
    // The gateway pings by itself, and `ws` answers.
    await once(client.socket, 'ping')
    await once(client.socket, 'ping')
    assert.equal((await client.close()).code, 1005)
  },

  async close_codes() {
    for (const code of [1000, 1001, 1008, 3000, 4999]) {
      const client = await Client.connect({ user_id: 'alice' })
      assert.equal((await client.close(code, 'bye')).code, code)
    }
    const old = await Client.connect({ user_id: 'alice', client_id: 'a1' })
    const current = await Client.connect({ user_id: 'alice', client_id: 'a1' })
    const replaced = await old.closed
    assert.equal(replaced.code, 1008)
    assert.match(replaced.reason, /replaced/)
    const response = await fetch(`${adminUrl}/api/v1/clients/a1`, { method: 'DELETE' })
    assert.equal(response.status, 200)
    const kicked = await current.closed
    assert.equal(kicked.code, 1008)
    assert.match(kicked.reason, /kicked/)
  },

  async refusals() {
    const alice = await Client.connect({ user_id: 'alice', client_id: 'a1' })
    assert.equal(await refusal({ user_id: 'mallory', client_id: 'a1' }), 409)
    assert.equal(await refusal({ user_type: 'root' }), 403)
    assert.equal(await refusal({ user_id: 'x'.repeat(129) }), 400)
    await alice.close()
  },

  async subprotocols() {
    const client = await Client.connect({}, { protocols: ['bearer', 'a.b.c', 'gateway.v1.json'] })
    assert.equal(client.socket.protocol, 'gateway.v1.json')
    await client.close()
  },

  async compression() {
    const offers = [true, false]
    for (const noContext of [true, undefined]) {
      for (const serverMaxWindowBits of [undefined, 8, 9, 15]) {
        for (const clientMaxWindowBits of [undefined, true, 9, 15]) {
          offers.push({
            serverNoContextTakeover: noContext,
            clientNoContextTakeover: noContext,
            serverMaxWindowBits,
            clientMaxWindowBits,
            threshold: 10,
          })
        }
      }
    }
    for (const perMessageDeflate of offers) {
      const client = await Client.connect({ user_id: 'alice' }, { perMessageDeflate })
      const agreed = compresses === 'True' && perMessageDeflate !== false
      assert.equal(client.socket.extensions, agreed ? 'permessage-deflate' : '')
      for (let number = 0; number < 4; ++number) {
        const content = 'again and again '.repeat(50) + number
        client.send({ type: 'text', to: 'alice', content })
        assert.equal((await client.next()).content, content)
      }
      await client.close()
    }
  },
}

if (!(name in scenarios)) throw new Error(`no scenario ${name}; there are ${Object.keys(scenarios)}`)
scenarios[name]()
  .then(() => process.exit(0))
  .catch((error) => {
    console.error(error)
    process.exit(1)
  })
