// FrameRequest: a whole text or binary message of a client before it is decoded (GW_KIND_FRAME). What a
// plugin claims goes no further. Owns the bytes once a plugin has put it aside. The reactor's thread.
#ifndef GATEWAYD_CORE_SESSION_FRAME_REQUEST_H
#define GATEWAYD_CORE_SESSION_FRAME_REQUEST_H

#include <memory>
#include <string>
#include <string_view>

#include "core/base/utf8.h"
#include "core/chain/interceptor.h"
#include "core/chain/request.h"
#include "core/chain/request_rules.h"
#include "core/session/session.h"

namespace gatewayd {

class FrameRequest final : public Request {
   public:
    FrameRequest(Session* session, bool binary, std::string_view bytes)
        : Request(GW_KIND_FRAME, session), session_(session), binary_(binary), bytes_(bytes) {}

    // This request, put aside, with bytes of its own. This one is empty then.
    std::unique_ptr<FrameRequest> to_heap() {
        auto copy = std::make_unique<FrameRequest>(session_, binary_, std::string_view());
        copy->changed_ = std::move(changed_);
        if (copy->changed_.empty()) copy->changed_.emplace_back(bytes_);
        copy->bytes_ = copy->changed_.back();
        move_deferral(this, copy.get());
        return copy;
    }

    // Bytes that a plugin put in their place; the caller keeps them while it works on.
    std::string take_changed() { return std::move(changed_.back()); }
    bool is_changed() const { return !changed_.empty(); }

    int32_t finish() override { return GW_ST_PASSED; }
    DeferralTerms deferral_terms() override { return session_->deferral_terms(); }
    void ended(int32_t status) override { session_->frame_ended(*this, status); }
    int32_t fail_closed(const Interceptor& failed) override {
        session_->send_error(ErrorCode::plugin_error, "plugin " + failed.name + " failed", {});
        return GW_E_FAIL;
    }
    bool is_binary() const override { return binary_; }
    std::string_view payload() override { return bytes_; }
    int32_t replace_payload(std::string_view payload) override {
        if (frozen) return GW_E_STATE;
        if (!binary_ && !is_valid_utf8(payload)) return GW_E_ARG;
        bytes_ = changed_.emplace_back(payload);
        return GW_OK;
    }
    // With a frame of the same kind, text or binary, as it stands.
    int32_t answer(std::string_view bytes) override {
        if (frozen) return GW_E_STATE;
        if (!binary_ && !is_valid_utf8(bytes)) return GW_E_ARG;
        return session_->send_raw(binary_, bytes);
    }
    int32_t reject(int32_t, std::string_view word, std::string_view why) override {
        if (frozen) return GW_E_STATE;
        if (!is_rejection(word, why)) return GW_E_ARG;
        session_->send_error_word(word, why, {});
        return GW_OK;
    }

   private:
    Session* const session_;
    const bool binary_;
    std::string_view bytes_;
    Texts changed_;  // the last counts; hooks may hold views of those before
};

}  // namespace gatewayd

#endif
