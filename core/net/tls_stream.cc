#include "core/net/tls_stream.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <new>
#include <utility>

namespace gatewayd {
namespace {

using Wire = TlsScratch::Wire;

// What operators see most, in words that say what to do; the rest is OpenSSL's own.
std::string in_plain_words(unsigned long code) {
    switch (ERR_GET_REASON(code)) {
        case SSL_R_UNSUPPORTED_PROTOCOL:
        case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
            return "the client's TLS version is older than wsc.tls.min_version";
        case SSL_R_WRONG_VERSION_NUMBER:
        case SSL_R_UNKNOWN_PROTOCOL:
        case SSL_R_BAD_RECORD_TYPE:
            return "what came is not TLS";
        case SSL_R_NO_SHARED_CIPHER:
            return "the client and the gateway have no cipher in common; maybe the client does not know the "
                   "certificate's kind of key";
        case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
            return "the client does not trust who signed the certificate (alert unknown_ca); is its chain in "
                   "wsc.tls.cert?";
        case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
        case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
            return "the client refused the certificate: a wrong name, or signed by nobody that it trusts";
        case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
            return "the client says that the certificate has expired";
        default:
            break;
    }
    const char* reason = ERR_reason_error_string(code);
    return reason != nullptr ? reason : "OpenSSL error " + std::to_string(code);
}

// RFC 8446 section 5.1. What is no handshake record is whole: OpenSSL is to say what is wrong with it.
bool is_whole_record(std::string_view bytes) {
    static constexpr unsigned char handshake = 0x16;
    static constexpr size_t header_bytes = 5;
    const auto byte = [bytes](size_t at) { return static_cast<unsigned char>(bytes[at]); };
    if (byte(0) != handshake) return true;
    if (bytes.size() < header_bytes) return false;
    const size_t length = static_cast<size_t>(byte(3)) << 8 | byte(4);
    return length > TlsScratch::max_record_bytes || bytes.size() >= header_bytes + length;
}

Wire* wire_of(BIO* bio) {
    return static_cast<Wire*>(BIO_get_data(bio));
}

int wire_read(BIO* bio, char* to, int size) {
    std::string_view& in = wire_of(bio)->in;
    BIO_clear_retry_flags(bio);
    if (in.empty()) {
        BIO_set_retry_read(bio);
        return -1;
    }
    const size_t count = std::min(in.size(), static_cast<size_t>(std::max(size, 0)));
    std::memcpy(to, in.data(), count);
    in.remove_prefix(count);
    return static_cast<int>(count);
}

int wire_write(BIO* bio, const char* from, int size) {
    BIO_clear_retry_flags(bio);
    wire_of(bio)->out.append(from, static_cast<size_t>(std::max(size, 0)));
    return size;
}

long wire_control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
    return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP ? 1 : 0;
}

BIO_METHOD* wire_method() {
    static BIO_METHOD* const method = [] {
        BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "gatewayd wire");
        if (made == nullptr) throw std::bad_alloc();
        BIO_meth_set_read(made, wire_read);
        BIO_meth_set_write(made, wire_write);
        BIO_meth_set_ctrl(made, wire_control);
        return made;
    }();
    return method;
}

void advance(iovec** parts, int* count, size_t taken) {
    while (*count > 0 && taken >= (*parts)->iov_len) {
        taken -= (*parts)->iov_len;
        ++*parts;
        --*count;
    }
    if (*count == 0) return;
    (*parts)->iov_base = static_cast<char*>((*parts)->iov_base) + taken;
    (*parts)->iov_len -= taken;
}

}  // namespace

// --- the reactor's part ---

TlsScratch::TlsScratch(size_t read_bytes)
    // What was read, and a record that began in an earlier read.
    : plain_bytes_(read_bytes + max_record_bytes),
      plain_(new char[plain_bytes_]),
      record_(new char[max_record_bytes]),
      bio_(BIO_new(wire_method())) {
    if (bio_ == nullptr) throw std::bad_alloc();
    wire_.out.reserve(max_flight_bytes + 2 * max_record_bytes);
    BIO_set_data(bio_, &wire_);
    BIO_set_init(bio_, 1);
}

TlsScratch::~TlsScratch() {
    BIO_free(bio_);
}

// --- one connection's ---

TlsStream::~TlsStream() {
    SSL_free(ssl_);
}

TlsStream::Step TlsStream::step(std::string_view* data, char** plain, size_t* plain_size) {
    if (failed_) return Step::failed;
    begun_ = true;
    ERR_clear_error();
    if (ssl_ == nullptr) return begin(data);
    scratch_->wire_.in = *data;
    const Step result = established_ ? read(plain, plain_size) : shake_hands();
    *data = scratch_->wire_.in;
    scratch_->wire_.in = {};
    return result;
}

// For part of a hello OpenSSL would take 46 KB, and who sends one may be in no hurry: here it takes its
// bytes.
TlsStream::Step TlsStream::begin(std::string_view* data) {
    std::string_view hello = std::exchange(*data, {});
    if (hello_) hello = hello_->append(hello);
    if (!is_whole_record(hello)) {
        if (!hello_) hello_ = std::make_unique<std::string>(hello);
        return Step::need_more;
    }
    ssl_ = context_->make_ssl();
    if (ssl_ == nullptr) return fail();
    SSL_set_accept_state(ssl_);
    BIO_up_ref(scratch_->bio_);
    SSL_set_bio(ssl_, scratch_->bio_, scratch_->bio_);
    scratch_->wire_.in = hello;
    const Step result = shake_hands();  // takes all of it: nothing follows a hello before our answer
    scratch_->wire_.in = {};
    hello_.reset();
    return result;
}

TlsStream::Step TlsStream::shake_hands() {
    const int result = SSL_do_handshake(ssl_);
    if (result != 1) return SSL_get_error(ssl_, result) == SSL_ERROR_WANT_READ ? Step::need_more : fail();
    established_ = true;
    version_ = SSL_version(ssl_) == TLS1_3_VERSION ? TlsVersion::v1_3 : TlsVersion::v1_2;
    resumed_ = SSL_session_reused(ssl_) == 1;
    return Step::established;
}

// As many records as have come and fit, so that a message in several of them lies in one piece.
TlsStream::Step TlsStream::read(char** plain, size_t* plain_size) {
    *plain = scratch_->plain_.get();
    *plain_size = 0;
    while (*plain_size < scratch_->plain_bytes_) {
        // Spares the call that would only say so.
        if (*plain_size > 0 && scratch_->wire_.in.empty() && SSL_pending(ssl_) == 0) return Step::plain;
        const size_t room = std::min<size_t>(scratch_->plain_bytes_ - *plain_size, INT_MAX);
        const int got = SSL_read(ssl_, *plain + *plain_size, static_cast<int>(room));
        if (got > 0) {
            *plain_size += static_cast<size_t>(got);
            continue;
        }
        Step step = Step::need_more;
        switch (SSL_get_error(ssl_, got)) {
            case SSL_ERROR_WANT_READ:
                break;
            case SSL_ERROR_ZERO_RETURN:
                step = Step::end;
                break;
            default:
                step = fail();
                break;
        }
        return *plain_size > 0 ? Step::plain : step;  // the next call says the rest
    }
    return Step::plain;
}

TlsStream::Step TlsStream::fail() {
    failed_ = true;
    const unsigned long code = ERR_peek_error();
    error_ = std::make_unique<std::string>(code != 0 ? in_plain_words(code) : "the TLS stream broke");
    ERR_clear_error();
    return Step::failed;
}

size_t TlsStream::encrypt(iovec** parts, int* count) {
    size_t taken = 0;
    if (failed_) return taken;
    ERR_clear_error();
    while (*count > 0 && scratch_->wire_.out.size() < TlsScratch::max_flight_bytes) {
        const void* from = (*parts)->iov_base;
        size_t size = std::min((*parts)->iov_len, TlsScratch::max_record_bytes);
        if (size<TlsScratch::max_record_bytes&& * count> 1) {
            size = 0;
            for (int i = 0; i < *count && size < TlsScratch::max_record_bytes; ++i) {
                const size_t piece = std::min((*parts)[i].iov_len, TlsScratch::max_record_bytes - size);
                std::memcpy(scratch_->record_.get() + size, (*parts)[i].iov_base, piece);
                size += piece;
            }
            from = scratch_->record_.get();
        }
        const int written = size > 0 ? SSL_write(ssl_, from, static_cast<int>(size)) : 0;
        if (size > 0 && written <= 0) {
            fail();
            return taken;
        }
        taken += static_cast<size_t>(written);
        advance(parts, count, static_cast<size_t>(written));
    }
    return taken;
}

void TlsStream::say_close() {
    if (!established_ || failed_ || close_said_) return;
    close_said_ = true;
    SSL_shutdown(ssl_);
    ERR_clear_error();
}

std::string_view TlsStream::output() const {
    return scratch_->wire_.out;
}

void TlsStream::clear_output() {
    scratch_->wire_.out.clear();
}

const std::string& TlsStream::error() const {
    static const std::string none;
    return error_ ? *error_ : none;
}

}  // namespace gatewayd
