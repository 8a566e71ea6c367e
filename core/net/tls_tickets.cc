#include "core/net/tls_tickets.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>

namespace gatewayd {
namespace {

// Where a context keeps its TlsTickets.
int context_index() {
    static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

bool set_mac(EVP_MAC_CTX* mac, TlsTickets::Key* key) {
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->mac.data(), key->mac.size()),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
    return EVP_MAC_CTX_set_params(mac, params) == 1;
}

// SSL_CTX_set_tlsext_ticket_key_evp_cb: 1 go on, 2 go on and send a new ticket, 0 no ticket, -1 fail.
int ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
               int sealing) {
    auto* tickets = static_cast<TlsTickets*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), context_index()));
    if (tickets == nullptr) return 0;
    const auto now = std::chrono::steady_clock::now();
    TlsTickets::Key key{};
    int result = 1;
    if (sealing != 0) {
        if (!tickets->current(now, &key) || RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1)
            return -1;
        std::memcpy(name, key.name.data(), key.name.size());
        if (EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv) != 1) result = -1;
    } else {
        switch (tickets->find(name, now, &key)) {
            case TlsTickets::Found::none:
                return 0;
            case TlsTickets::Found::current:
                break;
            case TlsTickets::Found::previous:
                result = 2;
                break;
        }
        if (EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv) != 1) result = -1;
    }
    if (!set_mac(mac, &key)) result = -1;
    OPENSSL_cleanse(&key, sizeof key);
    return result;
}

}  // namespace

TlsTickets::~TlsTickets() {
    OPENSSL_cleanse(&current_, sizeof current_);
    OPENSSL_cleanse(&previous_, sizeof previous_);
}

void TlsTickets::serve(ssl_ctx_st* context) {
    // Nothing is kept here: the ticket is the session.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    if (lifetime_s_ == 0) {
        SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
        SSL_CTX_set_num_tickets(context, 0);
        return;
    }
    static constexpr unsigned char id[] = "gatewayd";  // the same in all contexts
    SSL_CTX_set_session_id_context(context, id, sizeof id - 1);
    SSL_CTX_set_timeout(context, static_cast<long>(lifetime_s_));
    SSL_CTX_set_num_tickets(context, 1);  // of TLS 1.3; a client comes back with one connection
    SSL_CTX_set_ex_data(context, context_index(), this);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, ticket_key);
}

bool TlsTickets::rotate(TimePoint now) {
    const auto lifetime = std::chrono::seconds(lifetime_s_);
    if (has_current_ && now - made_at_ < lifetime) return true;
    Key fresh;
    if (RAND_bytes(fresh.name.data(), static_cast<int>(fresh.name.size())) != 1 ||
        RAND_priv_bytes(fresh.cipher.data(), static_cast<int>(fresh.cipher.size())) != 1 ||
        RAND_priv_bytes(fresh.mac.data(), static_cast<int>(fresh.mac.size())) != 1) {
        ERR_clear_error();
        return false;
    }
    has_previous_ = has_current_ && now - made_at_ < 2 * lifetime;
    previous_ = current_;
    if (!has_previous_) OPENSSL_cleanse(&previous_, sizeof previous_);
    current_ = fresh;
    has_current_ = true;
    made_at_ = now;
    OPENSSL_cleanse(&fresh, sizeof fresh);
    return true;
}

bool TlsTickets::current(TimePoint now, Key* out) {
    const std::lock_guard lock(mutex_);
    if (!rotate(now)) return false;
    *out = current_;
    return true;
}

TlsTickets::Found TlsTickets::find(const unsigned char* name, TimePoint now, Key* out) {
    const std::lock_guard lock(mutex_);
    if (!rotate(now)) return Found::none;
    const auto is = [name](const Key& key) { return CRYPTO_memcmp(name, key.name.data(), name_bytes) == 0; };
    if (has_current_ && is(current_)) {
        *out = current_;
        return Found::current;
    }
    if (has_previous_ && is(previous_)) {
        *out = previous_;
        return Found::previous;
    }
    return Found::none;
}

}  // namespace gatewayd
