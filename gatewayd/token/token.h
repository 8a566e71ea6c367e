// `gatewayd token`: a JSON Web Token to try a gateway with. Whoever has the key of HS256, or a private key,
// can make any user's: real ones come from your login. Start-up only.
#ifndef GATEWAYD_GATEWAYD_TOKEN_TOKEN_H
#define GATEWAYD_GATEWAYD_TOKEN_TOKEN_H

#include <string>

#include "gatewayd/command_line.h"
#include "gatewayd/token/configured.h"

namespace gatewayd {

// Throws std::runtime_error: a claim that cannot be set.
std::string make_token(const SigningKey& key, const TokenOptions& options, const ClaimNames& names,
                       int64_t now_s);

// Prints one; what is wrong goes to standard error.
int token(const CommandLine& line);

}  // namespace gatewayd

#endif
