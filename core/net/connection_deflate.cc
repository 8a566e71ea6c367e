// Connection's permessage-deflate (RFC 7692): the negotiation, and the two places where its messages change
// their form.
#include "core/base/utf8.h"
#include "core/net/connection.h"
#include "core/net/reactor.h"

namespace gatewayd {

std::string Connection::negotiate_deflate(const HandshakeRequest& request) {
    const DeflateOptions& options = reactor_.options_.deflate;
    if (!options.enabled || request.extension_offers().empty()) return {};
    DeflatePolicy policy;
    policy.window_bits = options.window_bits;
    policy.client_may_keep_context = options.context_takeover;
    // Messages that the slow-client policy drops would be missed by those that refer back to them.
    policy.server_may_keep_context =
        options.context_takeover && reactor_.options_.slow_client == SlowClientAction::disconnect;
    std::optional<DeflateParameters> chosen = choose_deflate(request.extension_offers(), policy);
    if (!chosen) return {};
    if (chosen->server_keeps_context || chosen->client_keeps_context) {
        deflate_context_ = DeflateContext::make(*chosen, options, &reactor_.limits_->compression_memory,
                                                &reactor_.counters_->net.compression.context_bytes);
        if (!deflate_context_) {
            policy.client_may_keep_context = policy.server_may_keep_context = false;
            chosen = choose_deflate(request.extension_offers(), policy);
        }
    }
    deflate_window_bits_ = chosen->server_window_bits;
    reactor_.counters_->net.compression.connections.add();
    return chosen->answer;
}

void Connection::forget_deflate() {
    if (deflate_window_bits_ == 0) return;
    deflate_window_bits_ = 0;
    deflate_context_.reset();
    reactor_.counters_->net.compression.connections.sub();
}

// A whole compressed message, still without its handler's knowledge.
void Connection::on_deflated(Opcode opcode, std::string_view compressed) {
    received_tick_ = reactor_.wheel_.now_tick();
    if (!open()) return;
    ReactorDeflate& deflate = *reactor_.deflate_;
    CompressionCounters& counters = reactor_.counters_->net.compression;
    Inflater* own = deflate_context_ ? deflate_context_->inflater() : nullptr;
    Inflater& inflater = own ? *own : deflate.inflater;
    InflateBuffer& plain = deflate.inflated;
    switch (inflater.inflate(compressed, reactor_.options_.max_message_bytes, own != nullptr, &plain)) {
        case Inflater::Result::whole:
            break;
        case Inflater::Result::too_big:
            counters.too_big.add();
            fail(
                {close_too_big, DisconnectReason::too_big, "message is over max_message_size when inflated"});
            return;
        case Inflater::Result::broken:
            counters.broken.add();
            fail({close_invalid_payload, DisconnectReason::protocol_error, "compressed data is not DEFLATE"});
            return;
        case Inflater::Result::no_memory:
            fail({close_try_again_later, DisconnectReason::out_of_memory, "no memory to inflate a message"});
            return;
    }
    counters.messages_in.add();
    counters.wire_bytes_in.add(compressed.size());
    counters.plain_bytes_in.add(plain.size());
    if (opcode == Opcode::text && !is_valid_utf8(plain.view())) {
        fail({close_invalid_payload, DisconnectReason::invalid_utf8, "text is not UTF-8"});
        return;
    }
    on_frame(opcode, plain.data(), plain.size());
}

// What is sent in place of these frames.
Slice Connection::deflated(const Slice& plain) {
    TurnCompressor& compressor = reactor_.deflate_->compressor;
    if (plain.messages == 0 || !compressor.is_worth_it(plain)) return plain;
    CompressionCounters& counters = reactor_.counters_->net.compression;
    const uint64_t runs = compressor.runs();
    Deflater* own = deflate_context_ ? deflate_context_->deflater() : nullptr;
    TurnCompressor::Output private_output;
    const TurnCompressor::Output* output = &private_output;
    if (own) {
        private_output = compressor.with_context(plain, own);
    } else {
        output = &compressor.shared(plain, deflate_window_bits_);
    }
    counters.runs.add(compressor.runs() - runs);
    counters.messages_out.add(output->messages);
    counters.plain_bytes_out.add(output->plain_bytes);
    counters.wire_bytes_out.add(output->wire_bytes);
    return output->slice;
}

// enqueue_now() for a connection that negotiated it.
bool Connection::enqueue_deflated_now(const Slice* slices, int count, uint32_t messages) {
    std::vector<Slice>& swapped = reactor_.deflate_->swapped;
    size_t bytes = 0;
    for (int i = 0; i < count; ++i) {
        swapped.push_back(deflated(slices[i]));
        bytes += swapped.back().length;
    }
    const bool taken = write_or_queue(swapped.data(), count, bytes, messages);
    swapped.clear();
    return taken;
}

}  // namespace gatewayd
