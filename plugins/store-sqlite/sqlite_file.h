// SqliteFile: a database file of ours: opened, locked against a second gatewayd, checked, brought to the
// schema of this version. What is wrong is thrown as std::runtime_error, in words that say what to do. One
// thread at a time.
#ifndef GATEWAYD_PLUGINS_STORE_SQLITE_SQLITE_FILE_H
#define GATEWAYD_PLUGINS_STORE_SQLITE_SQLITE_FILE_H

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>

namespace store {

struct FileOptions {
    std::string file;        // absolute
    uint64_t max_bytes = 0;  // 0: as large as the disk allows
    bool check = true;       // looks through the whole file
};

struct CloseDatabase {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

// Of `PRAGMA application_id`: "GWDS". And what this version reads and writes.
inline constexpr int32_t store_application_id = 0x47574453;
inline constexpr int32_t store_schema_version = 1;

class SqliteFile {
   public:
    explicit SqliteFile(const FileOptions& options);
    ~SqliteFile();
    SqliteFile(const SqliteFile&) = delete;
    SqliteFile& operator=(const SqliteFile&) = delete;

    sqlite3* get() const { return database_.get(); }
    // Bytes of the file and its log.
    static uint64_t size_on_disk(const std::string& file);

   private:
    void lock();
    void open();
    void set_up(uint64_t max_bytes);
    void look_through();
    void migrate();
    void execute(const char* sql);
    int64_t number(const std::string& pragma);
    std::string damaged(const std::string& what) const;

    const std::string file_;
    int lock_ = -1;
    Database database_;
};

}  // namespace store

#endif
