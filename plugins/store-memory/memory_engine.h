// MemoryEngine: maps in memory. A group is undone by what its commits have noted. One thread.
#ifndef GATEWAYD_PLUGINS_STORE_MEMORY_MEMORY_ENGINE_H
#define GATEWAYD_PLUGINS_STORE_MEMORY_MEMORY_ENGINE_H

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "../common/store_engine.h"

namespace store {

class MemoryEngine : public Engine {
   public:
    // max_bytes: of all keys and values; more is a full disk.
    explicit MemoryEngine(uint64_t max_bytes) : max_bytes_(max_bytes) {}

    Result begin() override;
    Result commit(const std::string& space, const Ops& ops) override;
    Result end() override;
    Result get(const std::string& space, const std::string& key) override;
    Result scan(const std::string& space, const Range& range) override;

   protected:
    // Drops the group that begin() began.
    void roll_back() { undo_to(0); }

   private:
    using Map = std::map<std::string, std::string>;
    struct Undo {
        Map* map;
        std::string key;
        std::optional<std::string> value;  // before
    };

    void set(Map& map, const std::string& key, std::optional<std::string> value);
    void undo_to(size_t count);
    static uint64_t next_number(const Map& map, const std::string& prefix);

    const uint64_t max_bytes_;
    uint64_t bytes_ = 0;
    std::map<std::string, Map> spaces_;
    std::vector<Undo> undo_;  // of this group, the last first to be undone
};

}  // namespace store

#endif
