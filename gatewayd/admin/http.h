// Requests and answers of the admin listener as its routes see them; connection.cc makes them from and to the
// HTTP library's. Values: the admin thread.
#ifndef GATEWAYD_GATEWAYD_ADMIN_HTTP_H
#define GATEWAYD_GATEWAYD_ADMIN_HTTP_H

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace gatewayd::admin {

class BodyStream;

// Everything but the body; views into the connection's buffers.
struct RequestHead {
    std::string_view method;  // "GET"
    std::string_view target;  // "/api/v1/clients?limit=10"
    std::string_view host;
    std::string_view origin;  // empty: none
    std::string_view authorization;
    std::string_view content_type;
    bool has_origin = false;
    bool has_body = false;
};

struct Response {
    int status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::string allow;                   // of 405
    bool wants_bearer_key = false;       // of 401
    std::shared_ptr<BodyStream> stream;  // not null: the body comes bit by bit, `body` is empty
};

// {"error":{"code","message"}}
Response error_response(int status, std::string_view code, std::string_view message);

// Called once; from any thread.
using Respond = std::function<void(Response)>;

}  // namespace gatewayd::admin

#endif
