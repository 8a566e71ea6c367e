#include "sqlite_engine.h"

#include <stdexcept>

namespace store {

// --- Run ---

SqliteEngine::Run& SqliteEngine::Run::text(std::string_view value) {
    sqlite3_bind_text64(statement_, ++bound_, value.data(), value.size(), SQLITE_STATIC, SQLITE_UTF8);
    return *this;
}
SqliteEngine::Run& SqliteEngine::Run::blob(std::string_view value) {
    // A null pointer would be NULL, not an empty blob.
    sqlite3_bind_blob64(statement_, ++bound_, value.data() == nullptr ? "" : value.data(), value.size(),
                        SQLITE_STATIC);
    return *this;
}
SqliteEngine::Run& SqliteEngine::Run::number(int64_t value) {
    sqlite3_bind_int64(statement_, ++bound_, value);
    return *this;
}
std::string SqliteEngine::Run::column(int index) const {
    const void* bytes = sqlite3_column_blob(statement_, index);
    const auto size = static_cast<size_t>(sqlite3_column_bytes(statement_, index));
    return bytes == nullptr ? std::string() : std::string(static_cast<const char*>(bytes), size);
}

// --- SqliteEngine ---

SqliteEngine::SqliteEngine(const FileOptions& options)
    : file_(options),
      name_(options.file),
      begin_(prepare("BEGIN")),
      end_(prepare("COMMIT")),
      roll_back_(prepare("ROLLBACK")),
      save_(prepare("SAVEPOINT one")),
      release_(prepare("RELEASE one")),
      back_to_save_(prepare("ROLLBACK TO one")),
      get_(prepare("SELECT value FROM entries WHERE space=?1 AND key=?2")),
      put_(prepare("INSERT INTO entries VALUES (?1,?2,?3) ON CONFLICT DO UPDATE SET value=excluded.value")),
      delete_(prepare("DELETE FROM entries WHERE space=?1 AND key=?2")),
      delete_range_(prepare("DELETE FROM entries WHERE space=?1 AND key>=?2 AND key<?3")),
      delete_from_(prepare("DELETE FROM entries WHERE space=?1 AND key>=?2")),
      last_appended_(
          prepare("SELECT key FROM entries WHERE space=?1 AND key>=?2 AND key<=?3 AND length(key)=?4 "
                  "ORDER BY key DESC LIMIT 1")),
      scan_(prepare("SELECT key,value FROM entries WHERE space=?1 AND key>=?2 AND key<?3 "
                    "ORDER BY key LIMIT ?4")),
      scan_reverse_(prepare("SELECT key,value FROM entries WHERE space=?1 AND key>=?2 AND key<?3 "
                            "ORDER BY key DESC LIMIT ?4")) {}

SqliteEngine::Statement SqliteEngine::prepare(const char* sql) const {
    sqlite3_stmt* made = nullptr;
    if (sqlite3_prepare_v3(file_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr) != SQLITE_OK)
        throw std::runtime_error(name_ + ": " + sqlite3_errmsg(file_.get()));
    return Statement(made);
}

Result SqliteEngine::failed() {
    const int code = sqlite3_extended_errcode(file_.get());
    std::string words = name_ + ": " + sqlite3_errmsg(file_.get());
    switch (code & 0xFF) {
        case SQLITE_FULL:
            words += ": make room on the disk, or raise max_size; then it goes on by itself";
            break;
        case SQLITE_READONLY:
            words += ": make the file and its folder writable for gatewayd";
            break;
        case SQLITE_IOERR:
            words += ": look at the disk and the system's log";
            break;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            words += ": stop gatewayd and restore a backup";
            break;
        default:
            break;
    }
    return Result::failure(GW_E_FAIL, std::move(words));
}

Result SqliteEngine::done(int code) {
    return code == SQLITE_DONE || code == SQLITE_ROW ? Result{} : failed();
}

Result SqliteEngine::run(const Statement& statement) {
    return done(Run(statement).step());
}

void SqliteEngine::roll_back() {
    // SQLite may have done so by itself.
    if (sqlite3_get_autocommit(file_.get()) == 0) run(roll_back_);
}

Result SqliteEngine::begin() {
    return run(begin_);
}

Result SqliteEngine::end() {
    Result result = run(end_);
    if (result.status != GW_OK) roll_back();
    return result;
}

Result SqliteEngine::commit(const std::string& space, const Ops& ops) {
    Result result = run(save_);
    for (auto op = ops.begin(); op != ops.end() && result.status == GW_OK; ++op)
        result = apply(space, *op);
    if (result.status == GW_E_STATE && run(back_to_save_).status != GW_OK) result = failed();
    if (result.status != GW_E_FAIL) {
        Result released = run(release_);
        if (released.status != GW_OK) result = std::move(released);
    }
    if (result.status == GW_E_FAIL) roll_back();
    return result;
}

Result SqliteEngine::apply(const std::string& space, const Op& op) {
    switch (op.kind) {
        case GW_STORE_PUT:
            return done(Run(put_).text(space).blob(op.key).blob(op.value).step());
        case GW_STORE_DELETE:
            return done(Run(delete_).text(space).blob(op.key).step());
        case GW_STORE_APPEND:
            return append(space, op);
        case GW_STORE_DELETE_PREFIX: {
            const std::string end = end_of_prefix(op.key);
            if (end.empty()) return done(Run(delete_from_).text(space).blob(op.key).step());
            return done(Run(delete_range_).text(space).blob(op.key).blob(end).step());
        }
        default:
            return expect(space, op);
    }
}

Result SqliteEngine::append(const std::string& space, const Op& op) {
    uint64_t number = 1;
    {
        Run last(last_appended_);
        const std::string least = op.key + number_bytes(0);
        const std::string greatest = op.key + std::string(8, '\xFF');
        const int code =
            last.text(space).blob(least).blob(greatest).number(static_cast<int64_t>(least.size())).step();
        if (code == SQLITE_ROW) {
            number = number_of(last.column(0)) + 1;
        } else if (code != SQLITE_DONE) {
            return failed();
        }
    }
    const std::string key = op.key + number_bytes(number);
    return done(Run(put_).text(space).blob(key).blob(op.value).step());
}

Result SqliteEngine::expect(const std::string& space, const Op& op) {
    Run found(get_);
    const int code = found.text(space).blob(op.key).step();
    if (code != SQLITE_ROW && code != SQLITE_DONE) return failed();
    const bool is_there = code == SQLITE_ROW;
    const bool holds = op.kind == GW_STORE_EXPECT ? is_there && found.column(0) == op.value : !is_there;
    return holds ? Result{} : Result::failure(GW_E_STATE, "an expectation of the commit does not hold");
}

Result SqliteEngine::get(const std::string& space, const std::string& key) {
    Run found(get_);
    const int code = found.text(space).blob(key).step();
    if (code == SQLITE_DONE) return Result::failure(GW_E_NOTFOUND, "no such key");
    if (code != SQLITE_ROW) return failed();
    Result result;
    result.entries.emplace_back(key, found.column(0));
    return result;
}

Result SqliteEngine::scan(const std::string& space, const Range& range) {
    // Behind every key: with a plain bound SQLite begins, or ends, there, and looks at nothing else.
    static const std::string behind_all(GW_STORE_MAX_KEY + 1, '\xFF');
    Run found(range.reverse ? scan_reverse_ : scan_);
    found.text(space)
        .blob(range.from)
        .blob(range.to.empty() ? behind_all : range.to)
        .number(int64_t{range.limit} + 1);
    Result result;
    for (;;) {
        const int code = found.step();
        if (code == SQLITE_DONE) return result;
        if (code != SQLITE_ROW) return failed();
        if (result.entries.size() == range.limit) {
            result.more = true;
            return result;
        }
        result.entries.emplace_back(found.column(0), found.column(1));
    }
}

}  // namespace store
