// A gw.store/1 for tests: maps in memory, and a journal in which every commit is on the disk before it is
// answered. `file`: the journal. While a file of that name and ".fail" is there, commits fail as on a full
// disk. Its own thread does everything, in order.
#include <fcntl.h>
#include <unistd.h>

#include <condition_variable>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "gateway/ext/store.h"
#include "gateway/plugin.hpp"

namespace {

using Map = std::map<std::string, std::string>;

class JournalStore : public gateway::Interceptor {
   public:
    void Configure(const gateway::Config& config) override {
        config.allow_only({"file"});
        path_ = config.get("file").required_path();
        gateway::publish_service(host(), GW_STORE, &table_);
    }
    void Start() override {
        file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (file_ < 0) throw gateway::Error("cannot open " + path_);
        read_journal();
        ends_ = false;
        thread_ = std::thread([this] { run(); });
    }
    void Stop() override {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            ends_ = true;
        }
        ready_.notify_one();
        if (thread_.joinable()) thread_.join();
        if (file_ >= 0) ::close(file_);
        file_ = -1;
    }

    int32_t get(gw_str space, gw_str key, gw_store_done_fn done, void* ud) {
        return submit([this, space = text(space), key = text(key), done, ud] {
            const Map& map = spaces_[space];
            const auto found = map.find(key);
            if (found == map.end()) return tell(done, ud, GW_E_NOTFOUND, {}, false, {});
            tell(done, ud, GW_OK, {*found}, false, {});
        });
    }
    int32_t scan(gw_str space, const gw_store_range* range, gw_store_done_fn done, void* ud) {
        if (range->limit < 1 || range->limit > GW_STORE_MAX_SCAN) return GW_E_ARG;
        return submit([this, space = text(space), from = text(range->from), to = text(range->to),
                       limit = range->limit, reverse = range->reverse, done, ud] {
            const Map& map = spaces_[space];
            std::vector<std::pair<std::string, std::string>> all(
                map.lower_bound(from), to.empty() ? map.end() : map.lower_bound(to));
            if (reverse) all = {all.rbegin(), all.rend()};
            const bool more = all.size() > limit;
            if (more) all.resize(limit);
            tell(done, ud, GW_OK, all, more, {});
        });
    }
    int32_t commit(gw_str space, const gw_store_op* ops, uint64_t count, gw_store_done_fn done, void* ud) {
        if (count == 0 || count > GW_STORE_MAX_OPS) return GW_E_ARG;
        std::vector<Op> copy;
        for (uint64_t i = 0; i < count; ++i)
            copy.push_back({ops[i].kind, text(ops[i].key), text(ops[i].value)});
        return submit([this, space = text(space), ops = std::move(copy), done, ud] {
            if (failed_.count(space) > 0)
                return tell(done, ud, GW_E_STATE, {}, false, "a commit before it failed");
            if (::access((path_ + ".fail").c_str(), F_OK) == 0) {
                failed_.insert(space);
                return tell(done, ud, GW_E_FAIL, {}, false, "the disk is full; make room on it");
            }
            write_journal(space, ops);
            for (const Op& op : ops)
                apply(spaces_[space], op);
            tell(done, ud, GW_OK, {}, false, {});
        });
    }
    int32_t recover(gw_str space) {
        return submit([this, space = text(space)] { failed_.erase(space); });
    }

   private:
    struct Op {
        uint32_t kind;
        std::string key;
        std::string value;
    };

    static std::string text(gw_str from) { return std::string(gateway::to_view(from)); }

    int32_t submit(std::function<void()> work) {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            if (ends_) return GW_E_STATE;
            work_.push_back(std::move(work));
        }
        ready_.notify_one();
        return GW_OK;
    }

    void run() {
        std::unique_lock<std::mutex> lock(mutex_);
        for (;;) {
            ready_.wait(lock, [&] { return ends_ || !work_.empty(); });
            if (work_.empty()) return;
            const auto work = std::move(work_.front());
            work_.pop_front();
            lock.unlock();
            work();
            lock.lock();
        }
    }

    static void tell(gw_store_done_fn done, void* ud, int32_t status,
                     const std::vector<std::pair<std::string, std::string>>& found, bool more,
                     const std::string& message) {
        if (!done) return;
        std::vector<gw_store_entry> entries;
        for (const auto& [key, value] : found)
            entries.push_back({gateway::to_gw(key), gateway::to_gw(value)});
        gw_store_result result{};
        result.struct_size = sizeof result;
        result.status = status;
        result.entries = entries.data();
        result.count = entries.size();
        result.more = more ? 1 : 0;
        result.message = gateway::to_gw(message);
        done(ud, &result);
    }

    static void apply(Map& map, const Op& op) {
        if (op.kind == GW_STORE_PUT) map[op.key] = op.value;
        if (op.kind == GW_STORE_DELETE) map.erase(op.key);
        if (op.kind == GW_STORE_DELETE_PREFIX) {
            auto at = map.lower_bound(op.key);
            while (at != map.end() && at->first.compare(0, op.key.size(), op.key) == 0)
                at = map.erase(at);
        }
        if (op.kind == GW_STORE_APPEND) {
            uint64_t number = 0;
            const auto after = map.upper_bound(op.key + std::string(8, '\xff'));
            if (after != map.begin()) {
                const std::string& last = std::prev(after)->first;
                if (last.size() == op.key.size() + 8 && last.compare(0, op.key.size(), op.key) == 0) {
                    for (size_t i = op.key.size(); i < last.size(); ++i)
                        number = number << 8 | static_cast<unsigned char>(last[i]);
                }
            }
            ++number;
            std::string key = op.key;
            for (int shift = 56; shift >= 0; shift -= 8)
                key.push_back(static_cast<char>(number >> shift & 0xff));
            map[key] = op.value;
        }
    }

    // --- the journal: space and operations, each text with its length before it, and the whole with its own
    // ---

    static void put(std::string* to, const std::string& what) {
        const auto length = static_cast<uint32_t>(what.size());
        to->append(reinterpret_cast<const char*>(&length), sizeof length);
        to->append(what);
    }
    static bool take(const std::string& from, size_t* at, std::string* what) {
        uint32_t length = 0;
        if (*at + sizeof length > from.size()) return false;
        std::memcpy(&length, from.data() + *at, sizeof length);
        if (*at + sizeof length + length > from.size()) return false;
        what->assign(from, *at + sizeof length, length);
        *at += sizeof length + length;
        return true;
    }

    void write_journal(const std::string& space, const std::vector<Op>& ops) {
        std::string record;
        put(&record, space);
        for (const Op& op : ops) {
            put(&record, std::to_string(op.kind));
            put(&record, op.key);
            put(&record, op.value);
        }
        std::string whole;
        put(&whole, record);
        if (::write(file_, whole.data(), whole.size()) < 0 || ::fdatasync(file_) != 0)
            host().error("the journal cannot be written");
    }

    void read_journal() {
        std::string all;
        char buffer[65536];
        for (ssize_t got = 0; (got = ::read(file_, buffer, sizeof buffer)) > 0;)
            all.append(buffer, static_cast<size_t>(got));
        spaces_.clear();
        size_t at = 0;
        size_t whole = 0;
        for (std::string record; take(all, &at, &record); whole = at) {
            size_t in = 0;
            std::string space;
            take(record, &in, &space);
            Op op{};
            for (std::string kind; take(record, &in, &kind);) {
                take(record, &in, &op.key);
                take(record, &in, &op.value);
                op.kind = static_cast<uint32_t>(std::stoul(kind));
                apply(spaces_[space], op);
            }
        }
        // What a kill has cut off was never answered.
        if (::ftruncate(file_, static_cast<off_t>(whole)) != 0) throw gateway::Error("cannot cut " + path_);
        ::lseek(file_, 0, SEEK_END);
    }

    const gw_store_v1 table_{{static_cast<uint32_t>(sizeof(gw_store_v1)), 0, this},
                             gateway::service_function<&JournalStore::get>,
                             gateway::service_function<&JournalStore::scan>,
                             gateway::service_function<&JournalStore::commit>,
                             gateway::service_function<&JournalStore::recover>};
    std::string path_;
    int file_ = -1;
    std::map<std::string, Map> spaces_;  // the thread's
    std::set<std::string> failed_;       // the thread's
    std::thread thread_;
    std::mutex mutex_;
    std::condition_variable ready_;
    std::deque<std::function<void()>> work_;
    bool ends_ = true;
};

}  // namespace

GATEWAY_PLUGIN_WITH(JournalStore, "journal-store", "1.0.0", "service", "exclusive=yes\noffers=gw.store/1\n")
