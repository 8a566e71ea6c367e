// Records: how groups lie in the store. One space, keys that begin with a letter and a tab; ids have no
// control characters, so a tab parts them:
//
//     g <tab> GROUP                 {"visibility","kept","created","metadata"}, the last one as text, as it
//     came i <tab> GROUP <tab> USER      {"by","at"}             an invitation m <tab> GROUP <tab> USER
//     {"role","joined"}       a member r <tab> GROUP <tab> USER      {"muted","banned"}      until when,
//     milliseconds since 1970 v                             1, the version of all this
//
// In the order of the keys a group comes before what belongs to it. Functions of their arguments: any thread.
#ifndef GATEWAYD_PLUGINS_GROUP_RECORDS_H
#define GATEWAYD_PLUGINS_GROUP_RECORDS_H

#include <string>
#include <string_view>

#include "../common/storage.h"
#include "model.h"

namespace group {

inline constexpr std::string_view version_key = "v";
inline constexpr std::string_view records_version = "1";

// What the store is to do for a fact that the model has not applied yet.
void write(const Fact& fact, const Model& model, storage::Batch* batch);

// Takes one entry into the model. False: it is damaged, or belongs to a group that is not there. Throws when
// a later version of this plugin wrote it.
bool load(const storage::Entry& entry, Model* model);

}  // namespace group

#endif
