// Rows of the schema: what its parts (schema.cc, group_and_ticket_keys.cc) are written with.
#ifndef GATEWAYD_CORE_CONFIG_SCHEMA_ROWS_H
#define GATEWAYD_CORE_CONFIG_SCHEMA_ROWS_H

#include <cstdint>
#include <vector>

#include "core/config/schema.h"

namespace gatewayd::config {

// The row's pointer to its member.
#define GATEWAYD_AT(member) [](Settings& s) -> Slot { return &s.member; }
#define GATEWAYD_CHOICE_AT(member, words) \
    [](Settings& s) -> Slot { return Choice{reinterpret_cast<uint8_t*>(&s.member), &(words)}; }

using SlotOf = Slot (*)(Settings&);

inline Key flag(const char* path, SlotOf slot, const char* meaning) {
    return Key{path, slot, meaning};
}

inline Key number(const char* path, SlotOf slot, const char* unit, int64_t min, int64_t max,
                  const char* meaning) {
    Key key{path, slot, meaning, unit};
    key.min = min;
    key.max = max;
    return key;
}

inline Key text(const char* path, SlotOf slot, Check check, const char* meaning) {
    Key key{path, slot, meaning};
    key.check = check;
    return key;
}

inline Key with_word_for_zero(Key key, const char* word) {
    key.word_for_zero = word;
    return key;
}

inline Key of_kind(Key key, TextKind kind) {
    key.kind = kind;
    return key;
}

inline Key with_false_as_empty(Key key) {
    key.false_is_empty = true;
    return key;
}

// wsc.group, wsc.ticket, wsc.store.
void add_groups_and_tickets(std::vector<Key>& keys);

}  // namespace gatewayd::config

#endif
