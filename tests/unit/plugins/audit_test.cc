#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>

#include "gateway/harness.hpp"
#include "plugins/audit/journal.h"
#include "plugins/audit/json_line.h"
#include "tests/support/folder_watch.h"
#include "tests/support/temporary_folder.h"

namespace gatewayd {
namespace {

namespace fs = std::filesystem;
using audit::Journal;
using audit::JsonLine;
using gateway::harness::Plugin;
using testing::FolderWatch;
using testing::TemporaryFolder;

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// What a journal said in the log; written by its thread.
class Warnings {
   public:
    Journal::Warn sink() {
        return [this](std::string_view text) {
            const std::lock_guard<std::mutex> lock(mutex_);
            texts_.emplace_back(text);
        };
    }
    std::vector<std::string> texts() {
        const std::lock_guard<std::mutex> lock(mutex_);
        return texts_;
    }

   private:
    std::mutex mutex_;
    std::vector<std::string> texts_;
};

TEST_CASE("a line is JSON whatever its texts contain") {
    JsonLine line;
    line.text("a", "quote \" backslash \\ feed \n bell \a delete \x7F caf\xC3\xA9");
    line.number("b", -7);
    line.time("c", 951782399999);
    line.time("d", -1);
    line.json("e", "{\r\n  \"x\": [1,\n 2]}");
    CHECK(
        line.finish() ==
        "{\"a\":\"quote \\\" backslash \\\\ feed \\u000a bell \\u0007 delete \\u007f caf\xC3\xA9\",\"b\":-7,"
        "\"c\":\"2000-02-28T23:59:59.999Z\",\"d\":\"1969-12-31T23:59:59.999Z\","
        "\"e\":{    \"x\": [1,  2]}}\n");
    JsonLine leap;
    leap.time("t", 951782400000);
    CHECK(leap.finish() == "{\"t\":\"2000-02-29T00:00:00.000Z\"}\n");
}

TEST_CASE("every byte at every place of a text is escaped or left as it should be") {
    for (int byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        std::string escaped(1, c);
        if (c == '"' || c == '\\') escaped = std::string("\\") + c;
        if (byte < 0x20 || byte == 0x7F) {
            char text[8];
            std::snprintf(text, sizeof(text), "\\u%04x", byte);
            escaped = text;
        }
        for (size_t place = 0; place < 11; ++place) {
            const std::string before(place, 'a');
            const std::string after(10 - place, '\xC3');
            JsonLine line;
            line.text("t", before + c + after);
            REQUIRE(line.finish() == "{\"t\":\"" + before + escaped + after + "\"}\n");
        }
    }
}

TEST_CASE("a line may be longer than its first room") {
    JsonLine line;
    std::string expected = "{";
    for (int i = 0; i < 40; ++i) {
        const std::string value(static_cast<size_t>(i) * 20, 'v');
        line.text("key", value);
        line.number("n", INT64_MIN);
        expected += "\"key\":\"" + value + "\",\"n\":-9223372036854775808,";
    }
    expected.back() = '}';
    CHECK(line.finish() == expected + "\n");
    JsonLine empty;
    CHECK(empty.finish() == "{}\n");
}

TEST_CASE("a journal writes everything at its close, into a file of mode 0640") {
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/audit.jsonl";
    Warnings warnings;
    const mode_t before = ::umask(0);
    std::string expected;
    {
        Journal journal(path, 1 << 20, warnings.sink());
        journal.open();
        for (int i = 0; i < 1000; ++i) {
            const std::string line = "{\"line\":" + std::to_string(i) + "}\n";
            expected += line;
            journal.append(line);
        }
        journal.close();
    }
    ::umask(before);
    CHECK(read_file(path) == expected);
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0640);
    CHECK(warnings.texts().empty());
}

TEST_CASE("a journal writes by itself when a line has waited its second") {
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/audit.jsonl";
    Warnings warnings;
    FolderWatch watch(folder.path());
    Journal journal(path, 1 << 20, warnings.sink());
    journal.open();
    journal.append("{\"a\":1}\n");
    CHECK(watch.wait([&] { return read_file(path) == "{\"a\":1}\n"; }));
    journal.append("{\"a\":2}\n");
    CHECK(watch.wait([&] { return read_file(path) == "{\"a\":1}\n{\"a\":2}\n"; }));
    journal.close();
}

TEST_CASE("a journal that is opened anew puts what was before into the old file") {
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/audit.jsonl";
    Warnings warnings;
    Journal journal(path, 1 << 20, warnings.sink());
    journal.open();
    journal.append("{\"before\":1}\n");
    fs::rename(path, path + ".1");
    FolderWatch watch(folder.path());
    journal.reopen();
    CHECK(watch.wait([&] { return fs::exists(path); }));
    journal.append("{\"after\":1}\n");
    journal.close();
    CHECK(read_file(path + ".1") == "{\"before\":1}\n");
    CHECK(read_file(path) == "{\"after\":1}\n");
}

TEST_CASE("a journal that cannot be opened anew goes on with the old file and says so") {
    const TemporaryFolder folder;
    fs::create_directory(folder.path() + "/logs");
    Warnings warnings;
    Journal journal(folder.path() + "/logs/audit.jsonl", 1 << 20, warnings.sink());
    journal.open();
    fs::rename(folder.path() + "/logs", folder.path() + "/old");
    journal.reopen();
    journal.append("{\"a\":1}\n");
    journal.close();
    CHECK(read_file(folder.path() + "/old/audit.jsonl") == "{\"a\":1}\n");
    const auto texts = warnings.texts();
    REQUIRE(texts.size() == 1);
    CHECK(texts[0] ==
          "cannot reopen " + folder.path() +
              "/logs/audit.jsonl: No such file or directory; still writing to the file opened before");
}

TEST_CASE("a full disk is counted and said once, and blocks nobody") {
    Warnings warnings;
    Journal journal("/dev/full", 1 << 20, warnings.sink());
    journal.open();
    for (int i = 0; i < 3; ++i)
        journal.append("{\"a\":1}\n");
    journal.close();
    const auto texts = warnings.texts();
    REQUIRE(texts.size() == 1);
    CHECK(texts[0] == "3 events lost of /dev/full: No space left on device");
}

TEST_CASE("a disk that fills up in the middle of a line leaves whole lines") {
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/audit.jsonl";
    Warnings warnings;
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    const rlimit small{20, before.rlim_max};
    const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
    {
        Journal journal(path, 1 << 20, warnings.sink());
        journal.open();
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
        for (int i = 0; i < 5; ++i)
            journal.append("{\"a\":" + std::to_string(i) + "}\n");
        journal.close();
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
    }
    std::signal(SIGXFSZ, old_handler);
    CHECK(read_file(path) == "{\"a\":0}\n{\"a\":1}\n");
    const auto texts = warnings.texts();
    REQUIRE(texts.size() == 1);
    CHECK(texts[0] == "3 events lost of " + path + ": File too large");
}

TEST_CASE("lines that do not fit into the buffer are dropped whole and counted") {
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/audit.jsonl";
    Warnings warnings;
    Journal journal(path, 100, warnings.sink());
    journal.open();
    const std::string line = "{\"text\":\"" + std::string(50, 'x') + "\"}\n";
    constexpr size_t appended = 1000;
    for (size_t i = 0; i < appended; ++i)
        journal.append(line);
    journal.close();

    const std::string content = read_file(path);
    REQUIRE(content.size() % line.size() == 0);
    size_t lost = 0;
    for (const std::string& text : warnings.texts()) {
        lost += std::stoul(text);
        CHECK(text.find(" events lost of " + path + ": its buffer was full (buffer_size_kb)") !=
              std::string::npos);
    }
    CHECK(lost > 0);
    CHECK(lost + content.size() / line.size() == appended);
}

// --- the built plugin ---

struct Audit : Plugin {
    // The file is the YAML's folder's.
    Audit(const std::string& folder, const std::string& yaml) : Plugin(GATEWAYD_PLUGIN_FOLDER "/audit.so") {
        create(yaml, folder);
    }
};

std::string start_of(const std::string& event) {
    return "{\"time\":\"2026-01-01T00:00:00.120Z\",\"event\":\"" + event +
           "\",\"connection_id\":1,\"client_id\":\"c1\",\"user_id\":\"u1\",\"user_type\":\"customer\","
           "\"remote_address\":\"192.0.2.1:52110\"";
}

// What the plugin writes of one connection with one message.
std::string story(const std::string& yaml, const std::string& message) {
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/audit.jsonl";
    Audit plugin(folder.path(), yaml);
    CHECK_FALSE(fs::exists(path));  // create has no side effects
    plugin.start();
    plugin.advance_ms(120);
    auto alice = plugin.connect();
    alice.message(message);
    alice.disconnect(1000, "client_close");
    plugin.end();
    CHECK(plugin.log().empty());
    return read_file(path);
}

const std::string text_message = R"({"type":"text","to":"u2","content":"for you"})";

TEST_CASE("audit writes connects, messages and disconnects as JSON Lines, without what was said") {
    CHECK(story("file: audit.jsonl", text_message) ==
          start_of("client.connected") + "}\n" + start_of("message.received") +
              ",\"msg_id\":\"00000000000000000000000002\",\"type\":\"text\",\"destination\":\"user\","
              "\"destination_id\":\"u2\",\"size\":" +
              std::to_string(text_message.size()) + "}\n" + start_of("client.disconnected") +
              ",\"reason\":\"client_close\",\"code\":1000}\n");
}

TEST_CASE("audit writes the content when it is asked to, text as text and JSON as JSON") {
    const std::string yaml = "file: audit.jsonl\ncontent: true";
    CHECK(story(yaml, text_message).find(",\"content\":\"for you\"}\n") != std::string::npos);
    CHECK(story(yaml, "{\"type\":\"text\",\"content\":{\"n\":\n1}}").find(",\"content\":{\"n\": 1}}\n") !=
          std::string::npos);
}

TEST_CASE("audit opens its file anew on files.reopen") {
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/audit.jsonl";
    Audit plugin(folder.path(), "file: audit.jsonl");
    CHECK(plugin.kinds() == 0);
    CHECK((plugin.events() & GW_EV_REOPEN) != 0);
    plugin.start();
    fs::rename(path, path + ".1");
    plugin.event(GW_EV_REOPEN);
    plugin.end();
    CHECK(fs::exists(path));
}

TEST_CASE("audit refuses to start without its file, with path and reason") {
    Audit plugin(".", "file: /nowhere/audit.jsonl");
    CHECK(plugin.start_refusal() == "cannot open /nowhere/audit.jsonl: No such file or directory");
}

TEST_CASE("audit says where in the YAML its configuration is wrong") {
    const auto error_of = [](const std::string& yaml) {
        return Plugin(GATEWAYD_PLUGIN_FOLDER "/audit.so").refusal(yaml);
    };
    CHECK(error_of("").find("file: is required") != std::string::npos);
    CHECK(error_of("content: true") == "test.yaml:1:1: file: is required");
    CHECK(error_of("file: a.jsonl\ncontent: maybe") == "test.yaml:2:10: content: must be true or false");
    CHECK(error_of("file: a\nbuffer_size_kb: 1") ==
          "test.yaml:2:17: buffer_size_kb: must be from 64 to 1048576");
    CHECK(error_of("file: a\nbuffer: 1") ==
          "test.yaml:2:9: buffer: unknown key; there are: file, buffer_size_kb, content");
}

}  // namespace
}  // namespace gatewayd
