// Records: how tickets lie in the store. One space, keys that begin with a letter and a tab; ids have no
// control characters, so a tab parts them:
//
//     a <tab> AGENT               {"status","skills","max_tickets"}
//     h <tab> TICKET <tab> NUMBER an entry of its history (the number: 8 bytes, by the store): a letter, 'a'
//                                 for all or 's' for the staff, and the frame
//     t <tab> TICKET              the ticket: to_record() has its members
//     v                           1, the version of all this
//
// Functions of their arguments: any thread.
#ifndef GATEWAYD_PLUGINS_TICKET_RECORDS_H
#define GATEWAYD_PLUGINS_TICKET_RECORDS_H

#include <string>
#include <string_view>
#include <vector>

#include "../common/storage.h"
#include "model.h"

namespace ticket {

inline constexpr std::string_view version_key = "v";
inline constexpr std::string_view records_version = "1";

// What the model is made of: not the histories.
std::vector<storage::KeyRange> model_ranges();

// What the store is to do for the facts of one plan, which the model has not applied yet.
void write(const std::vector<Fact>& facts, const Model& model, storage::Batch* batch);

// Takes one entry into the model. False: it is damaged. Throws when a later version of this plugin wrote it.
bool load(const storage::Entry& entry, int64_t now, Model* model);

// --- histories ---
std::string history_prefix(std::string_view id);
// The entry before which (or behind which) a page ends: prefix and number.
std::string history_key(std::string_view id, uint64_t number);
uint64_t history_number(const std::string& key);

}  // namespace ticket

#endif
