// StoreEngine: what keeps the entries behind a gw.store/1, one implementation a provider: in memory, SQLite.
// One thread, that of its StoreQueue.
#ifndef GATEWAYD_PLUGINS_COMMON_STORE_ENGINE_H
#define GATEWAYD_PLUGINS_COMMON_STORE_ENGINE_H

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gateway/ext/store.h"

namespace store {

struct Op {
    uint32_t kind;  // GW_STORE_
    std::string key;
    std::string value;
};
using Ops = std::vector<Op>;

struct Range {
    std::string from;
    std::string to;  // empty: the end of the space
    uint32_t limit = 1;
    bool reverse = false;
};

// gw_store_result, owned.
struct Result {
    int32_t status = GW_OK;
    std::string message;
    std::vector<std::pair<std::string, std::string>> entries;
    bool more = false;

    static Result failure(int32_t status, std::string message) {
        Result result;
        result.status = status;
        result.message = std::move(message);
        return result;
    }
};

class Engine {
   public:
    virtual ~Engine() = default;

    // Commits between begin() and end() become durable together, when end() says GW_OK. When begin(), one of
    // the commits or end() says GW_E_FAIL, none of them has happened: the engine is back where begin() found
    // it, and end() is not called any more.
    virtual Result begin() = 0;
    // GW_E_STATE: an expectation does not hold; nothing of these operations happened, the others go on.
    virtual Result commit(const std::string& space, const Ops& ops) = 0;
    virtual Result end() = 0;

    // These see what was committed in this group.
    virtual Result get(const std::string& space, const std::string& key) = 0;
    virtual Result scan(const std::string& space, const Range& range) = 0;
};

// The first key behind all that begin with `prefix`; empty: there is none.
inline std::string end_of_prefix(std::string prefix) {
    while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xFF)
        prefix.pop_back();
    if (!prefix.empty()) prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
    return prefix;
}

// The number at the end of an appended key, and back: 8 bytes, big endian.
inline std::string number_bytes(uint64_t number) {
    std::string bytes(8, '\0');
    for (size_t i = 8; i-- > 0; number >>= 8)
        bytes[i] = static_cast<char>(number & 0xFF);
    return bytes;
}
inline uint64_t number_of(const std::string& key) {
    uint64_t number = 0;
    for (size_t i = key.size() - 8; i < key.size(); ++i)
        number = number << 8 | static_cast<unsigned char>(key[i]);
    return number;
}

}  // namespace store

#endif
