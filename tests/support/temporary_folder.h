// TemporaryFolder: an empty folder that goes with everything in it. For tests.
#ifndef GATEWAYD_TESTS_SUPPORT_TEMPORARY_FOLDER_H
#define GATEWAYD_TESTS_SUPPORT_TEMPORARY_FOLDER_H

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace gatewayd::testing {

class TemporaryFolder {
   public:
    TemporaryFolder() {
        std::string pattern =
            std::filesystem::canonical(std::filesystem::temp_directory_path()) / "gatewayd.XXXXXX";
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
        path_ = pattern;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const std::string& path() const { return path_; }

   private:
    std::string path_;
};

}  // namespace gatewayd::testing

#endif
