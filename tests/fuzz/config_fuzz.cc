// The configuration: core/config/loader.h on any text. It ends; it gives settings or errors, never both and
// never neither; each error is one line that begins with a place in the text or with the --set it is about;
// and the effective configuration, loaded again, is the same configuration. Input: YAML. A line "#set
// KEY=VALUE" is a --set too.
#include <sys/mman.h>
#include <unistd.h>

#include "core/config/loader.h"
#include "core/config/render.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/utf8_reference.h"

namespace {

using namespace gatewayd;
using namespace gatewayd::fuzz;

// A file that has no place on a disk.
class TextFile {
   public:
    TextFile() : fd_(::memfd_create("config", MFD_CLOEXEC)), name_("/proc/self/fd/" + std::to_string(fd_)) {
        must(fd_ >= 0, "a memory file can be made");
    }
    ~TextFile() { ::close(fd_); }
    TextFile(const TextFile&) = delete;
    TextFile& operator=(const TextFile&) = delete;

    const std::string& name() const { return name_; }
    void write(std::string_view text) {
        const bool written = ::ftruncate(fd_, 0) == 0 &&
                             ::pwrite(fd_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
        must(written, "a memory file can be written");
    }

   private:
    const int fd_;
    const std::string name_;
};

std::optional<std::string> environment(std::string_view name) {
    if (name == "PORT") return "9000";
    if (name == "EMPTY") return "";
    if (name == "ODD") return "a: [b] # ${PORT} $$ \"\\\n- c";
    if (name == "LONG") return std::string(40000, 'x');
    if (name == "BAD") return "\xFF";
    return std::nullopt;
}

std::vector<std::string> sets_of(std::string_view text) {
    std::vector<std::string> sets;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (line.substr(0, 5) == "#set ") sets.emplace_back(line.substr(5));
    }
    return sets;
}

// "name:12:5: ...": the number behind the first colon; 0: there is none.
size_t line_of(const std::string& message, const std::string& name) {
    return message.size() > name.size() ? std::strtoull(message.c_str() + name.size() + 1, nullptr, 10) : 0;
}

void check_messages(const std::vector<std::string>& messages, const std::string& name,
                    std::string_view text) {
    const auto lines = static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    must(messages.size() <= 101, "there is a limit of errors and of warnings");
    for (const std::string& message : messages) {
        const bool placed = message.compare(0, name.size() + 1, name + ":") == 0 ||
                            message.compare(0, 6, "--set ") == 0 || message.compare(0, 4, "and ") == 0 ||
                            message.compare(0, 15, "the default of ") == 0;
        must(placed, "a message begins with its place", message);
        must(message.find('\n') == std::string::npos, "a message is one line", message);
        must(message.size() < 4096, "a message is short", message);
        if (message[0] == '/')
            must(line_of(message, name) <= lines, "the line is one of the text's", message);
    }
}

// Rendered, loaded and rendered again. What is masked cannot be loaded, and aliases may make it larger than a
// file.
void check_round_trip(const Settings& settings, TextFile* file) {
    const std::string rendered = render_effective(settings);
    must(utf8_verdict(rendered) == Utf8::valid, "the effective configuration is UTF-8", rendered);
    if (rendered.find("\"***\"") != std::string::npos || rendered.size() > (1 << 20)) return;
    file->write(rendered);
    const LoadResult again = load_settings({file->name(), {}, environment});
    const std::string why = again.ok() ? "" : again.errors.front() + "\n" + rendered;
    must(again.ok(), "the effective configuration can be loaded", why);
    const std::string second = render_effective(*again.settings);
    must(second == rendered, "the effective configuration, loaded, is the same",
         rendered + "\n---\n" + second);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static TextFile file;
    const std::string_view text = as_text(data, size);
    file.write(text);
    const LoadResult result = load_settings({file.name(), sets_of(text), environment});
    must(result.ok() == result.errors.empty(), "settings or errors", text);
    check_messages(result.errors, file.name(), text);
    check_messages(result.warnings, file.name(), text);
    if (result.ok()) check_round_trip(*result.settings, &file);
    return 0;
}
