// RuntimeFolder: the private folder of this process that plugins are loaded from. The loader gives the same
// code again for a path that is loaded already, and a file that is changed in place changes running code: so
// each generation of a plugin is a copy with a name of its own. Mode 0700; made when the first copy is put
// there, removed at the end. What a process left that was killed is removed by the next one that starts: each
// holds a lock on its folder while it lives. [control]
#ifndef GATEWAYD_CORE_PLUGINS_RUNTIME_FOLDER_H
#define GATEWAYD_CORE_PLUGINS_RUNTIME_FOLDER_H

#include <cstdint>
#include <string>
#include <string_view>

namespace gatewayd {

class RuntimeFolder {
   public:
    RuntimeFolder() = default;
    ~RuntimeFolder();
    RuntimeFolder(const RuntimeFolder&) = delete;
    RuntimeFolder& operator=(const RuntimeFolder&) = delete;

    // Writes a file that did not exist, readable and executable by us alone; returns its absolute path.
    // Throws std::runtime_error in words. `name` begins the file's name.
    std::string put(const std::string& name, std::string_view bytes);
    // Empty before the first put.
    const std::string& path() const { return path_; }

   private:
    void make();

    std::string path_;
    int lock_ = -1;
    uint64_t files_ = 0;
};

}  // namespace gatewayd

#endif
