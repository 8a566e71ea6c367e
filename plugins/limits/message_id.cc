#include "message_id.h"

#include <rapidjson/encodedstream.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace limits {
namespace {

struct Finder : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Finder> {
    bool StartObject() {
        ++depth;
        return true;
    }
    bool EndObject(rapidjson::SizeType) {
        --depth;
        return true;
    }
    bool StartArray() {
        ++depth;
        return true;
    }
    bool EndArray(rapidjson::SizeType) {
        --depth;
        return true;
    }
    bool Key(const char* text, rapidjson::SizeType length, bool) {
        is_next = depth == 1 && std::string_view(text, length) == "id";
        return true;
    }
    bool String(const char* text, rapidjson::SizeType length, bool) {
        if (!is_next) return true;
        if (length > max_id_bytes) return false;
        rapidjson::StringBuffer out;
        rapidjson::Writer<rapidjson::StringBuffer>(out).String(text, length);
        found.assign(out.GetString(), out.GetSize());
        return false;  // enough
    }
    bool RawNumber(const char* text, rapidjson::SizeType length, bool) {
        if (!is_next) return true;
        if (length <= max_id_bytes) found.assign(text, length);
        return false;
    }
    bool Default() { return !is_next; }

    int depth = 0;
    bool is_next = false;
    std::string found;
};

}  // namespace

std::string message_id(std::string_view message) {
    if (message.size() > max_searched_bytes) return {};
    Finder finder;
    rapidjson::MemoryStream stream(message.data(), message.size());
    rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> input(stream);
    rapidjson::Reader reader;
    constexpr unsigned flags = rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseIterativeFlag |
                               rapidjson::kParseValidateEncodingFlag | rapidjson::kParseStopWhenDoneFlag;
    reader.Parse<flags>(input, finder);
    return finder.found;
}

}  // namespace limits
