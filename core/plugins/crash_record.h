// CrashRecord: how often each plugin's file ended the process, in a row; kept in the file `crashes` of a
// state folder, so that a later start can know. Lines are appended: the crash handler's (crash_line.h), and
//   clean IDENTITY MS
// when the file's plugin ran long enough, or to a clean end, or was forgiven by an operator. Counts are those
// of the lines behind the last `clean`. A file with other bytes has another identity, and begins at none.
//
// At the start what is needed no more is left out, so the file stays small; of one over 1 MiB the rest is not
// read. A gateway that runs has the folder for itself (`lock` in it). [control], but for what is marked.
#ifndef GATEWAYD_CORE_PLUGINS_CRASH_RECORD_H
#define GATEWAYD_CORE_PLUGINS_CRASH_RECORD_H

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/config/settings.h"

namespace gatewayd {

// Of the plugin's file `path` with these bytes: 16 hexadecimal digits.
std::string file_identity(const std::string& path, uint64_t content_hash);

// plugins.state_dir, else the first of $STATE_DIRECTORY (systemd's StateDirectory=), else
// $XDG_STATE_HOME/gatewayd, else ~/.local/state/gatewayd; empty: none of them is known.
std::string state_folder(const PluginsSettings& settings);

struct CrashCount {
    uint32_t in_a_row = 0;
    bool guards = false;  // one of them said so (PluginTag::guards)
    // Of the last one.
    int64_t at_ms = 0;
    std::string signal;
    std::string function;
};

class CrashRecord {
   public:
    // For the gateway itself: makes the folder, locks it, opens the file. Null, with *why in words: crashes
    // cannot be counted.
    static std::unique_ptr<CrashRecord> open(const std::string& folder, std::string* why);
    // For looking alone; a folder or a file that is not there has no crashes. Null: it cannot be read.
    static std::unique_ptr<CrashRecord> look(const std::string& folder, std::string* why);
    // For an operator, beside a gateway that runs or not. Empty: it is done; else why not.
    static std::string forgive(const std::string& folder, const std::string& identity);

    ~CrashRecord();
    CrashRecord(const CrashRecord&) = delete;
    CrashRecord& operator=(const CrashRecord&) = delete;

    CrashCount count_of(const std::string& identity) const;  // [any]
    // Each of them that has crashed begins at none again.
    void clean(const std::vector<std::string>& identities);
    // Where the crash handler appends; -1 of a record for looking.
    int descriptor() const { return file_; }

   private:
    CrashRecord() = default;
    void read(const std::string& text);
    void shorten();

    int file_ = -1;
    int lock_ = -1;
    std::string path_;
    mutable std::mutex mutex_;
    std::map<std::string, CrashCount> counts_;  // by identity; guarded by mutex_
};

}  // namespace gatewayd

#endif
