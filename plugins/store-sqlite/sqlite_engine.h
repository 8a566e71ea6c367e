// SqliteEngine: the entries in one table of a SqliteFile, a group in one transaction, each commit behind a
// savepoint. One thread, but for the constructor.
#ifndef GATEWAYD_PLUGINS_STORE_SQLITE_SQLITE_ENGINE_H
#define GATEWAYD_PLUGINS_STORE_SQLITE_SQLITE_ENGINE_H

#include <memory>
#include <string>
#include <string_view>

#include "../common/store_engine.h"
#include "sqlite_file.h"

namespace store {

class SqliteEngine : public Engine {
   public:
    explicit SqliteEngine(const FileOptions& options);

    Result begin() override;
    Result commit(const std::string& space, const Ops& ops) override;
    Result end() override;
    Result get(const std::string& space, const std::string& key) override;
    Result scan(const std::string& space, const Range& range) override;

   protected:
    // Drops the group that begin() began.
    void roll_back();

   private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };
    using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;
    // A prepared statement in use: bound, stepped, reset at the end.
    class Run {
       public:
        explicit Run(const Statement& statement) : statement_(statement.get()) {}
        ~Run() {
            sqlite3_reset(statement_);
            sqlite3_clear_bindings(statement_);
        }
        Run(const Run&) = delete;
        Run& operator=(const Run&) = delete;
        Run& text(std::string_view value);
        Run& blob(std::string_view value);
        Run& number(int64_t value);
        int step() { return sqlite3_step(statement_); }
        std::string column(int index) const;

       private:
        sqlite3_stmt* statement_;
        int bound_ = 0;
    };

    Statement prepare(const char* sql) const;
    // GW_OK, GW_E_STATE, or GW_E_FAIL with a message.
    Result apply(const std::string& space, const Op& op);
    Result append(const std::string& space, const Op& op);
    Result expect(const std::string& space, const Op& op);
    Result run(const Statement& statement);
    Result done(int code);
    Result failed();

    SqliteFile file_;
    const std::string name_;
    Statement begin_, end_, roll_back_, save_, release_, back_to_save_;
    Statement get_, put_, delete_, delete_range_, delete_from_, last_appended_;
    Statement scan_, scan_reverse_;
};

}  // namespace store

#endif
