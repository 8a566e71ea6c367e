// Reads a small text file whole, with words for everything that can be wrong with it. Any thread.
#ifndef GATEWAYD_CORE_CONFIG_FILE_TEXT_H
#define GATEWAYD_CORE_CONFIG_FILE_TEXT_H

#include <cstddef>
#include <string>

namespace gatewayd::config {

struct FileText {
    std::string text;
    std::string error;  // empty: fine; "no such file"
};

FileText read_file_text(const std::string& file, size_t max_size_bytes);

}  // namespace gatewayd::config

#endif
