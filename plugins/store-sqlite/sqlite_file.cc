#include "sqlite_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <stdexcept>
#include <system_error>

namespace store {
namespace {

constexpr int busy_timeout_ms = 5000;                   // while a backup or a tool has the file
constexpr int64_t kept_log_bytes = 64LL * 1024 * 1024;  // of the log after a checkpoint

// From version n to n + 1, each in its place: 0 is an empty file. Never changed once released.
constexpr const char* migrations[] = {
    "CREATE TABLE entries (space TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, "
    "PRIMARY KEY (space, key)) WITHOUT ROWID",
};
static_assert(std::size(migrations) == store_schema_version);

std::string system_words() {
    return std::error_code(errno, std::generic_category()).message();
}

}  // namespace

SqliteFile::SqliteFile(const FileOptions& options) : file_(options.file) {
    const std::filesystem::path folder = std::filesystem::path(file_).parent_path();
    std::error_code failed;
    if (!std::filesystem::exists(folder, failed)) {
        std::filesystem::create_directories(folder.parent_path(), failed);
        if (failed || (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST))
            throw std::runtime_error("the folder " + folder.string() +
                                     " cannot be made: " + (failed ? failed.message() : system_words()));
    }
    try {
        lock();
        open();
        set_up(options.max_bytes);
        if (options.check) look_through();
        migrate();
    } catch (...) {
        database_.reset();
        if (lock_ >= 0) ::close(lock_);
        throw;
    }
}

SqliteFile::~SqliteFile() {
    // The log goes into the file, so that it alone is the whole store.
    sqlite3_wal_checkpoint_v2(get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    database_.reset();
    ::close(lock_);
}

// A file beside it, because SQLite's own locks are taken and given back with each transaction; a backup may
// read meanwhile.
void SqliteFile::lock() {
    const std::string name = file_ + ".lock";
    lock_ = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock_ < 0) throw std::runtime_error(name + " cannot be opened for writing: " + system_words());
    if (::flock(lock_, LOCK_EX | LOCK_NB) == 0) return;
    throw std::runtime_error(file_ + (errno == EWOULDBLOCK
                                          ? " is in use by another gatewayd: give each its own file"
                                          : " cannot be locked: " + system_words()));
}

void SqliteFile::open() {
    const int made = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (made < 0) throw std::runtime_error(file_ + " cannot be opened for writing: " + system_words());
    ::close(made);
    sqlite3* opened = nullptr;
    const int code = sqlite3_open_v2(
        file_.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
    database_.reset(opened);
    if (code != SQLITE_OK) throw std::runtime_error(file_ + " cannot be opened: " + sqlite3_errstr(code));
    sqlite3_busy_timeout(get(), busy_timeout_ms);
}

void SqliteFile::set_up(uint64_t max_bytes) {
    const int64_t application = number("application_id");
    const int64_t version = number("user_version");
    if (number("schema_version") != 0 && application != store_application_id)
        throw std::runtime_error(file_ + " is a database of another program: name another file");
    if (version > store_schema_version)
        throw std::runtime_error(file_ + " was written by a newer gatewayd (schema " +
                                 std::to_string(version) + ", this one knows " +
                                 std::to_string(store_schema_version) +
                                 "): run that version, or restore a backup of before");
    execute("PRAGMA journal_mode=WAL");
    execute("PRAGMA synchronous=FULL");
    execute("PRAGMA wal_autocheckpoint=4000");  // pages: 16 MB of log
    execute("PRAGMA cache_size=-16384");        // 16 MB: the upper levels of a large file's tree stay here
    execute(("PRAGMA journal_size_limit=" + std::to_string(kept_log_bytes)).c_str());
    execute("PRAGMA temp_store=MEMORY");
    if (max_bytes == 0) return;
    const int64_t page = number("page_size");
    execute(("PRAGMA max_page_count=" + std::to_string(static_cast<int64_t>(max_bytes) / page)).c_str());
}

void SqliteFile::look_through() {
    sqlite3_stmt* statement = nullptr;
    std::string found;
    int code = sqlite3_prepare_v2(get(), "PRAGMA quick_check(1)", -1, &statement, nullptr);
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW) found = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
    }
    const std::string words = sqlite3_errmsg(get());
    sqlite3_finalize(statement);
    if (found != "ok") throw std::runtime_error(damaged(found.empty() ? words : found));
}

void SqliteFile::migrate() {
    for (int64_t version = number("user_version"); version < store_schema_version; ++version) {
        execute("BEGIN IMMEDIATE");
        execute(migrations[version]);
        execute(("PRAGMA application_id=" + std::to_string(store_application_id)).c_str());
        execute(("PRAGMA user_version=" + std::to_string(version + 1)).c_str());
        execute("COMMIT");
    }
}

void SqliteFile::execute(const char* sql) {
    const int code = sqlite3_exec(get(), sql, nullptr, nullptr, nullptr);
    if (code == SQLITE_OK) return;
    const std::string words = sqlite3_errmsg(get());
    const int primary = code & 0xFF;
    if (primary == SQLITE_NOTADB || primary == SQLITE_CORRUPT) throw std::runtime_error(damaged(words));
    throw std::runtime_error(file_ + ": " + words + " (" + sql + ")");
}

int64_t SqliteFile::number(const std::string& pragma) {
    int64_t value = 0;
    const auto take = [](void* out, int, char** columns, char**) {
        *static_cast<int64_t*>(out) = std::strtoll(columns[0] ? columns[0] : "0", nullptr, 10);
        return 0;
    };
    const int code = sqlite3_exec(get(), ("PRAGMA " + pragma).c_str(), take, &value, nullptr);
    if (code == SQLITE_OK) return value;
    const std::string words = sqlite3_errmsg(get());
    const int primary = code & 0xFF;
    if (primary == SQLITE_NOTADB || primary == SQLITE_CORRUPT) throw std::runtime_error(damaged(words));
    throw std::runtime_error(file_ + ": " + words);
}

std::string SqliteFile::damaged(const std::string& what) const {
    return file_ + " is damaged (" + what + "): restore a backup; or save what can be read by `sqlite3 " +
           file_ + " .recover`; or move it away with its -wal and -shm to begin with an empty store";
}

uint64_t SqliteFile::size_on_disk(const std::string& file) {
    uint64_t bytes = 0;
    for (const char* suffix : {"", "-wal"}) {
        struct stat facts {};
        if (::stat((file + suffix).c_str(), &facts) == 0) bytes += static_cast<uint64_t>(facts.st_size);
    }
    return bytes;
}

}  // namespace store
