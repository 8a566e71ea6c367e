// JSON Web Tokens by Node's own crypto, and what an application on npm's `ws` does with them:
//   node auth.js keys ALG FOLDER        makes a key in FOLDER and prints the entry of wsc.security.auth.keys
//   node auth.js play ALG FOLDER URL    connects with it; throws when something is not as promised
// test_auth_renewal.py runs it.
'use strict'

const assert = require('node:assert/strict')
const crypto = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const { once } = require('node:events')
const WebSocket = require('ws')

const [, , command, alg, folder, url] = process.argv
const secretFile = path.join(folder, 'secret')
const privateFile = path.join(folder, 'private.pem')
const publicFile = path.join(folder, 'public.pem')

const makeKeys = () => {
  if (alg === 'HS256') {
    const secret = crypto.randomBytes(48)
    fs.writeFileSync(secretFile, secret)
    return { secret_base64: secret.toString('base64') }
  }
  const kinds = {
    RS256: ['rsa', { modulusLength: 2048 }],
    ES256: ['ec', { namedCurve: 'P-256' }],
    EdDSA: ['ed25519', {}],
  }
  const pair = crypto.generateKeyPairSync(...kinds[alg])
  fs.writeFileSync(privateFile, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }))
  fs.writeFileSync(publicFile, pair.publicKey.export({ type: 'spki', format: 'pem' }))
  return { file: publicFile }
}

const sign = (data) => {
  if (alg === 'HS256') return crypto.createHmac('sha256', fs.readFileSync(secretFile)).update(data).digest()
  const key = crypto.createPrivateKey(fs.readFileSync(privateFile))
  if (alg === 'EdDSA') return crypto.sign(null, Buffer.from(data), key)
  return crypto.sign('sha256', Buffer.from(data), { key, dsaEncoding: 'ieee-p1363' })
}

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
const token = (sub, seconds, more) => {
  const data = `${part({ alg, typ: 'JWT' })}.${part({ sub, exp: Math.floor(Date.now() / 1000) + seconds, ...more })}`
  return `${data}.${sign(data).toString('base64url')}`
}

// What comes on a socket, in its order; `close` last.
const inbox = (socket) => {
  const waiting = []
  const came = []
  const add = (item) => (waiting.length > 0 ? waiting.shift()(item) : came.push(item))
  socket.on('message', (data) => add(JSON.parse(data.toString())))
  socket.on('close', (code, reason) => add({ close: code, reason: reason.toString() }))
  return () => (came.length > 0 ? Promise.resolve(came.shift()) : new Promise((resolve) => waiting.push(resolve)))
}

const refusal = async (protocols, options) => {
  const socket = new WebSocket(url, protocols, options)
  socket.on('error', () => {})
  const [, response] = await once(socket, 'unexpected-response')
  response.resume()
  return [response.statusCode, response.headers['www-authenticate']]
}

const play = async () => {
  assert.equal((await refusal())[0], 401)
  const [status, challenge] = await refusal(['bearer', token('ada', -10)])
  assert.equal(status, 401)
  assert.match(challenge, /^Bearer .*error="invalid_token"/)

  const socket = new WebSocket(url, ['gateway.v1.json', 'bearer', token('ada', 600, { user_type: 'agent' })])
  const next = inbox(socket)
  const connected = await next()
  assert.deepEqual([connected.type, connected.user_id, connected.user_type], ['connected', 'ada', 'agent'])
  assert.equal(socket.protocol, 'gateway.v1.json')

  socket.send(JSON.stringify({ type: 'auth_refresh', id: 1, token: token('eve', 600, { user_type: 'agent' }) }))
  const error = await next()
  assert.deepEqual([error.type, error.code, error.id], ['error', 'forbidden', 1])
  socket.send(JSON.stringify({ type: 'auth_refresh', id: 2, token: token('ada', 6, { user_type: 'agent' }) }))
  const answers = [await next(), await next()].map((message) => message.type).sort()
  assert.deepEqual(answers, ['auth_refreshed', 'token_expiring'])
  const end = await next()
  assert.equal(end.close, 1008)
  assert.match(end.reason, /^token_expired/)
}

if (command === 'keys') {
  console.log(JSON.stringify(makeKeys()))
} else {
  play().then(() => process.exit(0))
}
